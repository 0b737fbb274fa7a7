using System.Text.Json;
using Automation.Server.Secrets;
using Automation.Server.Steps;

namespace Automation.Server.Deliveries;

/// <summary>What can be said at load about a step that calls other servers: its <c>url</c> and its <c>headers</c>, as far as they hold no expressions.</summary>
internal static class OutboundCheck
{
    public static void Address(StepCheck check)
    {
        if (!check.Config.TryGetProperty("url", out var url) || url.ValueKind is not JsonValueKind.String) return;
        var text = url.GetString()!;
        if (SecretTemplate.MayHold(text)) return;
        try
        {
            OutboundRequest.Address(text);
        }
        catch (OutboundException error)
        {
            check.Problem("/url", error.Message);
        }
    }

    public static void Headers(StepCheck check)
    {
        if (!check.Config.TryGetProperty("headers", out var headers) || headers.ValueKind is not JsonValueKind.Object) return;
        foreach (var header in headers.EnumerateObject())
        {
            var pointer = header.Name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal); // RFC 6901 §3
            if (OutboundRequest.NameProblem(header.Name) is { } problem) check.Problem("/headers/" + pointer, problem);
        }
    }
}
