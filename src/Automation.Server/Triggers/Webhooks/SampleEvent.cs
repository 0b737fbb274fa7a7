using System.Globalization;
using System.Security;
using System.Text;
using System.Text.Json;
using Automation.Server.Triggers.Webhooks.Verification;

namespace Automation.Server.Triggers.Webhooks;

/// <summary>An event as a provider sends it: the files in <c>Samples</c>, headers, an empty line, the body.</summary>
/// <param name="Headers">Content-Type among them.</param>
/// <param name="Body">UTF-8.</param>
internal sealed record SampleEvent(IReadOnlyList<(string Name, string Value)> Headers, byte[] Body)
{
    public string ContentType => Headers.First(header => header.Name.Equals("Content-Type", StringComparison.OrdinalIgnoreCase)).Value;

    /// <summary>The sample of a verification scheme; a generic one when it has none of its own.</summary>
    /// <param name="scheme">Its name.</param>
    /// <param name="secret">For providers that send it in the body.</param>
    /// <param name="now">When it happened.</param>
    /// <param name="id">Makes its ids.</param>
    public static SampleEvent Of(string scheme, string secret, DateTimeOffset now, Guid id)
    {
        var text = Read(scheme) ?? Read("generic")!;
        var hex = id.ToString("N");
        foreach (var (name, value) in new (string, string)[]
        {
            ("id", hex[..24]),
            ("uuid", id.ToString()),
            ("hex", hex),
            ("number", BitConverter.ToUInt64(id.ToByteArray()).ToString(CultureInfo.InvariantCulture)),
            ("time", now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)),
            ("seconds", now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)),
            ("milliseconds", now.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture)),
            ("secretText", SecurityElement.Escape(secret)),
            ("secret", JsonSerializer.Serialize(secret)),
        })
        {
            text = text.Replace("{{" + name + "}}", value, StringComparison.Ordinal);
        }

        var parts = text.Split("\n\n", 2);
        return new SampleEvent([.. parts[0].Split('\n').Select(line => line.Split(": ", 2)).Select(pair => (pair[0], pair[1]))], Encoding.UTF8.GetBytes(parts[1].TrimEnd('\n')));
    }

    private static string? Read(string scheme)
    {
        using var stream = typeof(SampleEvent).Assembly.GetManifestResourceStream($"Samples/{scheme}.http");
        if (stream is null) return null;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
