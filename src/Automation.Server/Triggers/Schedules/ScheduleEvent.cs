using Automation.Server.Storage;
using Automation.Server.Values;

namespace Automation.Server.Triggers.Schedules;

/// <summary>Makes the event of a schedule's time.</summary>
/// <remarks>
/// Attributes: <c>{ id, source, type, time, trigger, scheduledAt, previousAt }</c>; <c>time</c> is when it was accepted, <c>previousAt</c> the time for which the schedule fired before, null
/// the first time. Data: what the trigger says, else <c>{ scheduledAt, previousAt }</c>.
/// </remarks>
internal static class ScheduleEvent
{
    private const string Type = "schedule.fired";

    public static Event Create(long id, DueSchedule due, Json? data, DateTimeOffset now)
    {
        var source = $"/schedules/{due.Id.WorkflowId}/{due.Id.TriggerId}";
        var (scheduledAt, previousAt) = (due.At.UtcDateTime, due.LastAt?.UtcDateTime);
        return new Event
        {
            Id = id,
            Trigger = ScheduleTrigger.TypeName,
            Type = Type,
            Source = source,
            AcceptedAt = now,
            Attributes = Json.From(new { id = PublicId.Format(PublicId.Event, id), source, type = Type, time = now.UtcDateTime, trigger = due.Id.TriggerId, scheduledAt, previousAt }),
            ContentType = System.Net.Mime.MediaTypeNames.Application.Json,
            Body = (data ?? Json.From(new { scheduledAt, previousAt })).Utf8,
        };
    }
}
