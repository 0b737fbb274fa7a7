using Automation.Server.Values;

namespace Automation.Server.Triggers;

internal static class EventData
{
    public static Json Parse(string? contentType, ReadOnlyMemory<byte> body) => Json.Null;
}
