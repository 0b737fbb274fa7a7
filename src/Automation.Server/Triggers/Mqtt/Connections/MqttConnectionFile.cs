using System.Security.Cryptography;
using System.Text.Json;
using Automation.Server.Hosting;
using Automation.Server.Values;

namespace Automation.Server.Triggers.Mqtt.Connections;

/// <summary>What a server remembers of one broker from start to start: who it is there, what it has subscribed to, and which triggers have had retained messages.</summary>
/// <remarks>One small file, <c>mqtt/{name}.json</c> in the data folder, written beside and renamed, so that a crash leaves the old or the new one. Not for several threads.</remarks>
internal sealed class MqttConnectionFile
{
    private readonly string file;

    private MqttConnectionFile(string file, Content content)
    {
        this.file = file;
        ClientId = content.ClientId;
        Subscriptions = new(content.Subscriptions, StringComparer.Ordinal);
    }

    /// <summary>The client identifier for a connection that is given none: random, and the same at each start.</summary>
    public string ClientId { get; }

    /// <summary>By topic filter, without a share.</summary>
    public Dictionary<string, Subscription> Subscriptions { get; }

    /// <exception cref="StartupException">The file cannot be read or made; the message says what to do.</exception>
    public static MqttConnectionFile Open(string dataFolder, string name)
    {
        var file = Path.Combine(dataFolder, "mqtt", name + ".json");
        try
        {
            if (File.Exists(file) && JsonSerializer.Deserialize<Content>(File.ReadAllBytes(file), JsonFormat.Wire) is { } content) return new MqttConnectionFile(file, content);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            var made = new MqttConnectionFile(file, new Content($"automation-{RandomNumberGenerator.GetHexString(12, lowercase: true)}-{name}", []));
            made.Save();
            return made;
        }
        catch (JsonException error)
        {
            throw new StartupException($"{file} cannot be read: it holds no JSON of this server. Delete it; the broker then sees a new client.", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"{file} cannot be read or written: {error.Message}", error);
        }
    }

    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public void Save()
    {
        var beside = file + ".new";
        using (var stream = File.Create(beside))
        {
            JsonSerializer.Serialize(stream, new Content(ClientId, Subscriptions), JsonFormat.Wire);
            stream.Flush(flushToDisk: true);
        }

        File.Move(beside, file, overwrite: true);
    }

    /// <param name="Identifier">Subscription identifier that messages of it carry; 0 for none.</param>
    /// <param name="Heard">Triggers that listened when the broker last granted it.</param>
    internal sealed record Subscription(uint Identifier, IReadOnlyList<string> Heard);

    private sealed record Content(string ClientId, Dictionary<string, Subscription> Subscriptions);
}
