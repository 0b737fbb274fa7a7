using System.Text.Json;
using Automation.Server.Steps;
using Automation.Server.Values;

namespace Automation.Server.Api;

/// <summary>Puts a run's stored trace together: its saves in order, then its end, each a JSON array of step runs that name where their input came from.</summary>
internal static class RunTrace
{
    /// <param name="parts">JSON arrays, oldest first.</param>
    /// <param name="eventData">Input of the steps that began the run.</param>
    public static IReadOnlyList<StepRunView> Compose(IEnumerable<string> parts, Json eventData)
    {
        var stored = parts.SelectMany(part => JsonSerializer.Deserialize<List<StoredStepRun>>(part, JsonFormat.Wire)!).ToList();
        var outputs = new Dictionary<int, Json>(stored.Count);
        foreach (var step in stored) outputs[step.N] = step.Output;
        return [.. stored.Select(step => new StepRunView(
            step.N,
            step.Step,
            step.Type,
            step.From,
            step.Iteration ?? "",
            step.Input is { } held ? held : step.From is { } from ? Input(outputs.GetValueOrDefault(from), step.Item) : eventData,
            step.Output,
            step.Log ?? [],
            DateTimeOffset.FromUnixTimeMilliseconds(step.At),
            step.DurationUs / 1000.0,
            step.Attempts,
            step.Outcome,
            step.Error))];
    }

    private static Json Input(Json output, int? item)
    {
        if (item is not { } index) return output;
        using var list = output.ToDocument();
        return Json.Of(list.RootElement[index]);
    }

    /// <summary>A step run as the run engine stores it; <c>at</c> in milliseconds since 1970, <c>durationUs</c> in microseconds.</summary>
    private sealed record StoredStepRun(int N, string Step, string Type, int? From, Json? Input, int? Item, string? Iteration, long At, long DurationUs, int Attempts, string Outcome, Json Output, IReadOnlyList<StepLogLine>? Log, StepError? Error);
}
