using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Automation.Server.Tests.Runs;
using Automation.Server.Workflows;

namespace Automation.Server.Tests.Editing;

/// <summary>A server whose workflows folder a test and the API write to.</summary>
public abstract class EditingTest : IAsyncLifetime
{
    protected const string Order = """
        {
          "name": "Order",
          "triggers": { "hook": { "type": "webhook", "path": "/order" } },
          "steps": { "total": { "type": "script", "file": "order.ts" } }
        }
        """;

    private protected ManualTime Time { get; } = new();

    protected WorkflowServer Server { get; private set; } = null!;

    protected string Workflows => Path.Combine(Server.Folder, "workflows");

    public async ValueTask InitializeAsync() => Server = await WorkflowServer.StartAsync(Time);

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected async Task<string> BaseAsync(string id) => (await Server.GetAsync($"/api/workflows/{id}/files"))["base"]!.GetValue<string>();

    protected Task<(HttpStatusCode Status, JsonNode Body)> PutAsync(string id, string? basis, params (string Name, string? Text)[] files) => PutAsync(id, basis, null, files);

    protected async Task<(HttpStatusCode Status, JsonNode Body)> PutAsync(string id, string? basis, string? message, params (string Name, string? Text)[] files)
    {
        using var answer = await Server.Http.PutAsJsonAsync($"/api/workflows/{id}/files", new { @base = basis, files = files.ToDictionary(file => file.Name, file => file.Text), message });
        return (answer.StatusCode, JsonNode.Parse(await answer.Content.ReadAsStringAsync())!);
    }

    protected static string Body(object body) => System.Text.Json.JsonSerializer.Serialize(body);

    protected void Write(params (string Name, string Text)[] files)
    {
        foreach (var (name, text) in files) File.WriteAllText(Path.Combine(Workflows, name), text);
        Server.Get<WorkflowCatalog>().RefreshAsync(new Look { Everything = true }, CancellationToken.None).GetAwaiter().GetResult();
    }

    protected string Git(params string[] arguments)
    {
        using var git = Process.Start(new ProcessStartInfo("git", arguments) { WorkingDirectory = Workflows, RedirectStandardOutput = true })!;
        var output = git.StandardOutput.ReadToEnd();
        git.WaitForExit();
        return output.Trim();
    }
}
