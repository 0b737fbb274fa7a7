using Automation.Server.Triggers;
using Automation.Server.Triggers.Filters;
using Automation.Server.Values;

namespace Automation.Server.Storage;

/// <summary>Whose filters, and of which key; an empty text in workflows without one.</summary>
internal readonly record struct FilterId(string WorkflowId, string TriggerId, string Key);

/// <summary>Reads what filters remember of a key.</summary>
internal sealed record FilterMemoryRead(FilterId Id) : Change
{
    /// <summary>Null for nothing. Set when the change was applied.</summary>
    public FilterMemory? Memory { get; set; }

    /// <summary>The event that got past last; 0 when there is none.</summary>
    public long LastPassed { get; set; }
}

/// <summary>
/// An event got past the filters of its trigger. Its unit is refused (<see cref="JournalException.Superseded"/>) when what they remember is not that any more by which it was decided.
/// </summary>
/// <param name="Id">Whose filters.</param>
/// <param name="Memory">What they remember from then on.</param>
/// <param name="LastPassed">The event that got past before, of which what they remembered was; 0 for nothing. An id never comes again, also not after what was remembered was forgotten.</param>
/// <param name="EventId">The event.</param>
/// <param name="ForgetAt">When nothing of it matters any more; null for never.</param>
internal sealed record FilterPassed(FilterId Id, FilterMemory Memory, long LastPassed, long EventId, DateTimeOffset? ForgetAt) : Change;

/// <summary>Reads whether an event repeats an earlier one.</summary>
internal sealed record FirstEventRead(FirstEventId Id, DateTimeOffset Now) : Change
{
    /// <summary>The earlier one; null when there is none. Set when the change was applied, as all below.</summary>
    public long? EventId { get; set; }

    public long RunId { get; set; }

    /// <summary>A <see cref="RunAnswer"/>; null while there is none.</summary>
    public Json? Answer { get; set; }
}

/// <summary>An event that repeats an earlier one: stored as its duplicate, without the body, so that whoever looks for it finds the first. It starts no run and ends no wait.</summary>
internal sealed record EventRepeated(Event Event, long First) : Change;

/// <summary>What tells the repetitions of an event at a trigger.</summary>
/// <param name="Mark">Of the value.</param>
internal readonly record struct FirstEventId(string WorkflowId, string TriggerId, string Mark);

/// <summary>What the caller of the first of several equal events was answered, or would have been; nothing for a run that no event repeats, or that has answered.</summary>
/// <param name="Answer">A <see cref="RunAnswer"/>.</param>
internal sealed record AnswerKept(long RunId, Json Answer) : Change;

/// <summary>Adds to what filters have taken and dropped since it was last stored.</summary>
internal sealed record FilterCounted(string WorkflowId, string TriggerId, FilterTally Tally, DateTimeOffset At) : Change;

/// <summary>Forgets what the filters of a trigger that is gone remember, some keys at a time, and then what they counted; nothing, if they have counted something since.</summary>
internal sealed record FiltersForgotten(string WorkflowId, string TriggerId, DateTimeOffset Before, int Limit) : Change
{
    /// <summary>Keys forgotten; fewer than the limit when it was all. Set when the change was applied.</summary>
    public int Deleted { get; set; }
}
