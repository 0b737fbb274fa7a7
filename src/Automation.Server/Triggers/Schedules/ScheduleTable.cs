using System.Runtime.InteropServices;
using Automation.Server.Storage;
using Automation.Server.Workflows;

namespace Automation.Server.Triggers.Schedules;

/// <summary>Keeps the stored schedules the same as the <c>schedule</c> triggers of the workflows.</summary>
/// <remarks>
/// A schedule whose spec did not change stays where it is, whatever else changed in its workflow. A new one, one with another spec and one whose workflow was switched on again begin from now.
/// Doing it twice, or on two servers, does the same.
/// </remarks>
internal sealed class ScheduleTable(Journal journal, TimeProvider time, ILogger<ScheduleTable> log)
{
    private const int ChangesPerUnit = 1000;

    private Dictionary<ScheduleId, string?>? stored; // spec; null when stopped
    private WorkflowSet? followed;

    /// <summary>The trigger's config as it is active now; null when it is not, or has another spec than the stored one.</summary>
    public static (TriggerTarget Target, ScheduleTrigger.Config Config)? Active(WorkflowSet workflows, DueSchedule due)
    {
        if (workflows.Workflows.GetValueOrDefault(due.Id.WorkflowId) is not { Enabled: true, Version: { } version }) return null;
        if (version.Triggers.GetValueOrDefault(due.Id.TriggerId) is not { Config: ScheduleTrigger.Config config } trigger) return null;
        return Schedule.SpecOf(config) == due.Spec ? (new TriggerTarget(version, trigger), config) : null;
    }

    /// <exception cref="JournalException">Not all of it is stored; to be tried again.</exception>
    public async Task FollowAsync(WorkflowSet workflows)
    {
        if (ReferenceEquals(workflows, followed)) return;
        stored ??= await ReadAsync();
        var (changes, wanted) = (new List<Change>(), new Dictionary<ScheduleId, string?>());
        foreach (var (workflowId, state) in workflows.Workflows)
        {
            foreach (var trigger in state.Version?.Triggers.Values ?? [])
            {
                if (trigger.Config is ScheduleTrigger.Config config) Compare(new ScheduleId(workflowId, trigger.Id), config, state.Enabled, changes, wanted);
            }
        }

        foreach (var id in stored.Keys.Where(id => !wanted.ContainsKey(id))) changes.Add(new ScheduleStopped(id, Forget: true));
        for (var at = 0; at < changes.Count; at += ChangesPerUnit) await journal.CommitAsync(CollectionsMarshal.AsSpan(changes)[at..Math.Min(changes.Count, at + ChangesPerUnit)]);
        (stored, followed) = (wanted, workflows);
    }

    private void Compare(ScheduleId id, ScheduleTrigger.Config config, bool enabled, List<Change> changes, Dictionary<ScheduleId, string?> wanted)
    {
        var before = stored!.GetValueOrDefault(id);
        var spec = enabled ? Schedule.SpecOf(config) : null;
        wanted[id] = spec;
        if (spec == before) return;
        if (spec is null) changes.Add(new ScheduleStopped(id, Forget: false));
        else if (Schedule.TryOf(config) is { } schedule) changes.Add(new ScheduleStarted(id, spec, schedule.Next(time.GetUtcNow())));
        else NoZone(id, config, changes);
    }

    private void NoZone(ScheduleId id, ScheduleTrigger.Config config, List<Change> changes)
    {
        Log.NoZone(log, id.WorkflowId, id.TriggerId, config.TimeZone);
        changes.Add(new ScheduleStopped(id, Forget: true));
    }

    private async Task<Dictionary<ScheduleId, string?>> ReadAsync()
    {
        var all = new SchedulesRead();
        await journal.CommitAsync(all);
        return all.Schedules.ToDictionary(s => s.Id, s => s.Spec);
    }
}
