using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Automation.Server.Secrets;
using Automation.Server.Values;

namespace Automation.Server.Connectors;

/// <summary>What leads from one page of a list to the next.</summary>
/// <param name="first">The request of the first page.</param>
/// <param name="auth">How it shows who sends it.</param>
internal sealed class NextPage(ConnectorRequest first, ConnectorAuth? auth)
{
    private readonly HashSet<string> seen = new(StringComparer.Ordinal);

    /// <summary>Whether <paramref name="to"/> is an address, whole or below the host; anything else is for the request's template.</summary>
    public static bool IsAddress(JsonNode to) => to.GetValueKind() is JsonValueKind.String && to.GetValue<string>() is var text
        && (text.StartsWith('/') || text.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || text.StartsWith("https://", StringComparison.OrdinalIgnoreCase));

    /// <summary>False for what was asked about before: the pages would go round in a circle.</summary>
    public bool IsNew(JsonNode to) => seen.Add(Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(to.ToJsonString()))));

    /// <summary>The request of the page at an address; null when it is at another host: the request's credentials go only where they went before.</summary>
    public ConnectorRequest? At(JsonNode address)
    {
        if (SecretTemplate.MayHold(first.Url.Escaped) || !Uri.TryCreate(first.Url.Escaped, UriKind.Absolute, out var before) || !Uri.TryCreate(before, address.GetValue<string>(), out var after)
            || Uri.Compare(before, after, UriComponents.SchemeAndServer, UriFormat.SafeUnescaped, StringComparison.OrdinalIgnoreCase) != 0) return null;
        if (auth is not { Type: AuthKind.Query, Name: { } credential } || first.Query?.GetValueOrDefault(credential) is not { } value) return first with { Url = SecretText.Of(after.AbsoluteUri), Query = null };

        // Masked, or left out, by what names the next page.
        var others = after.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries).Where(p => Uri.UnescapeDataString(p.Split('=')[0]) != credential);
        return first with { Url = SecretText.Of(new UriBuilder(after) { Query = string.Join('&', others) }.Uri.AbsoluteUri), Query = new Dictionary<string, SecretText?> { [credential] = value } };
    }
}
