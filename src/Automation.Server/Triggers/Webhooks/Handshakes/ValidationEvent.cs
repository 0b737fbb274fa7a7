using System.Text.Json;

namespace Automation.Server.Triggers.Webhooks.Handshakes;

/// <summary>Event Grid's <c>[{"eventType":"Microsoft.EventGrid.SubscriptionValidationEvent","data":{"validationCode":…}}]</c>.</summary>
internal static class ValidationEvent
{
    private const string EventType = "Microsoft.EventGrid.SubscriptionValidationEvent";
    private const int LongestCode = 512;

    public static string? Code(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            if (json.RootElement.ValueKind is not JsonValueKind.Array || json.RootElement.GetArrayLength() != 1) return null;
            var single = json.RootElement[0];
            return Text(single, "eventType") is EventType && single.TryGetProperty("data", out var data) && Text(data, "validationCode") is { Length: > 0 and <= LongestCode } code ? code : null;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static string? Text(JsonElement of, string name) =>
        of.ValueKind is JsonValueKind.Object && of.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? value.GetString() : null;
}
