using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography;
using System.Text.Json;
using Automation.Server.Values;

namespace Automation.Server.Steps.Types.Devices;

/// <summary>Drops what came before: an event whose value went through within a time.</summary>
/// <remarks>
/// Input: any. Output: the input. Outcomes: <c>done</c>, <c>duplicate</c>. The time counts from the event that went through. Of the <c>max</c> values that are remembered of a key the oldest goes when another comes.
/// </remarks>
[StepType("dedupe", Title = "Dedupe", Category = "Devices", Icon = "copy-x", Outcomes = ["done", "duplicate"], PerKey = true)]
[Description("Drops events that repeat an earlier one.")]
internal sealed class DedupeStep : DeviceStep<DedupeStep.Config, DedupeStep.Seen>
{
    public sealed record Config(
        [property: Description("What makes two events the same, an expression.")] Json By,
        [property: Description("How long a value is remembered."), Range(typeof(TimeSpan), "00:00:00.001", "366.00:00:00"), Literal] Duration Within,
        [property: Description("Most values remembered of a key."), Range(1, 10_000), Literal] int Max = 1000);

    /// <param name="Marks">Of the values, oldest first.</param>
    /// <param name="Times">When each went through, in milliseconds since 1970.</param>
    public sealed record Seen(List<string> Marks, List<long> Times);

    protected override Decision OnEvent(Config config, Seen? memory, DateTimeOffset at, StepContext context)
    {
        var seen = memory ?? new Seen([], []);
        var oldest = (at - config.Within.Value).ToUnixTimeMilliseconds();
        var over = seen.Times.FindIndex(time => time > oldest) is var first and >= 0 ? first : seen.Times.Count;
        var mark = MarkOf(config.By);
        if (seen.Marks.IndexOf(mark, over) >= 0) return Keep(StepResult.To("duplicate", context.Input));
        over = Math.Max(over, seen.Marks.Count + 1 - config.Max);
        return To(Pass(context), new Seen([.. seen.Marks[over..], mark], [.. seen.Times[over..], at.ToUnixTimeMilliseconds()])) with { ForgetAt = at + config.Within.Value };
    }

    /// <summary>The same for the same value, however its text was escaped; 16 bytes.</summary>
    public static string MarkOf(Json value)
    {
        var text = value.Utf8.ToArray();
        Json.ReplaceHalfCharacters(text);
        using var document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = JsonFormat.MaxDepth });
        return Convert.ToBase64String(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(document.RootElement, JsonFormat.Wire))[..16]);
    }
}
