using System.ComponentModel;
using System.Text.Json;
using Automation.Server.Sandbox;
using Automation.Server.Secrets;
using Automation.Server.Storage;
using Automation.Server.Values;
using Automation.Server.Workflows;
using Automation.Server.Workflows.Compilation;
using Automation.Server.Workflows.Configs;

namespace Automation.Server.Endpoints;

/// <summary>The file of event types: descriptions for people, by type.</summary>
internal sealed record EventTypesConfig([property: Description("The types by name, as order.created.")] IReadOnlyDictionary<string, EventTypeConfig> Types);

/// <summary>What a file says of an event type.</summary>
internal sealed record EventTypeConfig([property: Description("For people.")] string? Description = null, [property: Description("Data of such an event.")] Json? Example = null);

/// <summary>Reads <c>endpoints/ID.json</c> and <c>event-types.json</c>, and lists every mistake with its place.</summary>
internal sealed class EndpointFileReader(SecretStore secrets, SandboxPool sandbox)
{
    /// <summary>Where endpoints are, below the workflows folder.</summary>
    public const string Folder = "endpoints";

    public const string EventTypesPath = "event-types.json";

    public static string PathOf(string id) => $"{Folder}/{id}.json";

    /// <summary>Whether a path below the workflows folder is one of these files.</summary>
    public static bool IsOne(string path) => path == EventTypesPath || (path.StartsWith(Folder + "/", StringComparison.Ordinal) && path.IndexOf('/', Folder.Length + 1) < 0 && WorkflowFolder.IsWorkflowFile(path.AsSpan(Folder.Length + 1)));

    /// <summary>Reads an endpoint; its config is null when there are problems.</summary>
    /// <exception cref="SandboxUnavailableException">Its scripts cannot be checked now.</exception>
    public async Task<(EndpointFile File, IReadOnlyList<Problem> Problems)> EndpointAsync(string path, ScriptFile text, CancellationToken cancellation)
    {
        var id = path[(Folder.Length + 1)..^".json".Length];
        var (config, problems) = ConfigFile.Read<EndpointConfig>(path, text, "an endpoint");
        if (!EndpointConfig.IsId(id)) problems.Add("", $"\"{id}\" is no id of an endpoint: name the file with small letters, digits, _ and -, 64 characters at most.");
        if (config is null) return (new EndpointFile(id, null, []), problems.All);
        foreach (var (pointer, message) in config.Problems(secrets.Contains)) problems.Add(pointer, message);
        if (config.Program("endpoint/check/" + id) is { } program)
        {
            foreach (var error in await sandbox.CheckAsync(program, cancellation)) problems.Add(error.Pointer ?? error.Script ?? "", error.Message);
        }

        return (new EndpointFile(id, problems.IsEmpty ? new Json(JsonSerializer.SerializeToUtf8Bytes(config, EndpointConfig.Strict)) : null, [.. config.Events.Distinct()]), problems.All);
    }

    /// <summary>Reads the event types; null when there are problems.</summary>
    public static (IReadOnlyList<EventTypeFile>? Types, IReadOnlyList<Problem> Problems) EventTypes(ScriptFile text)
    {
        var (config, problems) = ConfigFile.Read<EventTypesConfig>(EventTypesPath, text, "a list of event types");
        foreach (var name in config?.Types.Keys ?? [])
        {
            if (!Endpoints.EventTypes.IsName(name)) problems.AddAtName("/types/" + JsonPointer.Escape(name), $"\"{name}\" is no event type: write {Endpoints.EventTypes.Expected}.");
        }

        return (problems.IsEmpty ? [.. config!.Types.Select(t => new EventTypeFile(t.Key, t.Value.Description, t.Value.Example))] : null, problems.All);
    }
}
