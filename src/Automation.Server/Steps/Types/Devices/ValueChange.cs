using System.Text.Json;
using Automation.Server.Values;

namespace Automation.Server.Steps.Types.Devices;

/// <summary>Whether a value is another than the last that counted.</summary>
internal static class ValueChange
{
    /// <param name="last">The last that counted.</param>
    /// <param name="value">The one at hand.</param>
    /// <param name="deadband">A number counts when it differs by more than so much; null for any difference.</param>
    /// <param name="percent">Or by more than so many percent of the last.</param>
    public static bool IsOne(Json last, Json value, double? deadband, double? percent)
    {
        using var before = Mended(last).ToDocument();
        using var now = Mended(value).ToDocument();
        if ((deadband ?? percent) is null || before.RootElement.ValueKind is not JsonValueKind.Number || now.RootElement.ValueKind is not JsonValueKind.Number) return !JsonElement.DeepEquals(before.RootElement, now.RootElement);
        var (from, to) = (before.RootElement.GetDouble(), now.RootElement.GetDouble());
        var difference = Math.Abs(to - from);
        return difference > (deadband ?? 0) && difference > Math.Abs(from) * (percent ?? 0) / 100;
    }

    /// <summary>Halves of characters are no text to .NET; they are equal to each other.</summary>
    private static Json Mended(Json value)
    {
        if (value.Utf8.Span.IndexOf("\\u"u8) < 0) return value;
        var mended = value.Utf8.ToArray();
        Json.ReplaceHalfCharacters(mended);
        return new Json(mended);
    }
}
