using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using Automation.Server.Steps;
using Automation.Server.Storage.Management;
using Automation.Server.Values;

namespace Automation.Server.Api;

/// <summary>A key in a list.</summary>
internal record KeySummary(
    string Workflow,
    string Key,
    [property: Description("Characters of the state's JSON text; null when the key keeps none.")] int? StateSize,
    [property: Description("When the state changed last.")] DateTimeOffset? UpdatedAt,
    [property: Description("When the state is forgotten; null for never.")] DateTimeOffset? ExpiresAt,
    [property: Description("What parks the key; null when it is not parked.")] ParkingView? Parked,
    [property: Description("Runs of the key that wait for their turn.")] int Waiting)
{
    public static IQueryable<KeySummary> Of(ManagementDb db, IQueryable<KeyRow> keys) =>
        from key in keys
        join run in db.Runs on key.ParkedRun equals run.Id into parking
        from run in parking.DefaultIfEmpty()
        select new KeySummary(
            key.WorkflowId,
            key.Key,
            key.State == null ? null : key.State.Length,
            key.State == null ? null : key.UpdatedAt,
            key.ExpiresAt,
            key.ParkedAt == null ? null : ParkingView.Of(key.ParkedRun!.Value, key.ParkedAt.Value, run == null ? null : run.FailedStep, run == null ? null : run.Error),
            db.Runs.Count(r => r.WorkflowId == key.WorkflowId && r.Key == key.Key && r.EndedAt == null && r.Blocked));
}

/// <summary>Why a key is parked.</summary>
internal sealed record ParkingView(
    [property: Description("The failed run.")] string Run,
    DateTimeOffset At,
    [property: Description("The step that failed it; null when the run is no longer kept.")] string? FailedStep,
    StepError? Error)
{
    public static ParkingView Of(long run, DateTimeOffset at, string? step, string? error) =>
        new(PublicId.Format(PublicId.Run, run), at, step, error is null ? null : JsonSerializer.Deserialize<StepError>(error, JsonFormat.Wire));
}

/// <summary>A key with its state.</summary>
internal sealed record KeyDetails(
    KeySummary Summary,
    [property: Description("A JSON object; null when the key keeps none.")] Json State,
    [property: Description("Names this state, for If-Match when another is put in its place; none when the key keeps none.")] string StateTag,
    [property: Description("What steps remember of the key, and their timers; those of silence triggers too.")] IReadOnlyList<StepMemoryView> Steps) : KeySummary(Summary)
{
    [JsonIgnore]
    public KeySummary Summary { get; } = Summary;
}

/// <summary>A key that keeps another state than was expected.</summary>
internal sealed record StateConflict(string Detail, [property: Description("The key as it is; null when nothing of it is kept any more.")] KeyDetails? Current);

/// <summary>What a step remembers of a key.</summary>
internal sealed record StepMemoryView(
    [property: Description("Id of the step, or of the silence trigger.")] string Step,
    [property: Description("Its type.")] string Type,
    [property: Description("As the step keeps it; null when it only has a timer.")] Json State,
    DateTimeOffset? UpdatedAt,
    [property: Description("When it is forgotten; null for never.")] DateTimeOffset? ForgetAt,
    [property: Description("When its timer is due; null for none.")] DateTimeOffset? TimerAt);

/// <summary>What a drain cancelled.</summary>
internal sealed record DrainedKey(int Cancelled);
