using Automation.Server.Runs;
using Automation.Server.Storage;
using Automation.Server.Triggers;
using Automation.Server.Triggers.Events;
using Automation.Server.Values;
using Automation.Server.Workflows;

namespace Automation.Server.Endpoints;

/// <summary>Offers emitted events to the triggers of type <c>event</c>, and to runs that wait for them.</summary>
internal sealed class EventTriggers(AcceptEmission accept, Func<WorkflowSet> workflows, IdSource ids, TimeProvider time)
{
    /// <summary>Takes each in with the runs that it starts, and notes in the same unit that triggers have it. False when not all were taken: to be tried again.</summary>
    public async Task<bool> OfferAsync(IReadOnlyList<Emission> emissions)
    {
        var current = workflows();
        foreach (var emission in emissions)
        {
            var targets = TargetsOf(emission.Type, current);
            var offer = new Offer(EventOf(emission), targets) { OnlyForWaits = targets.Count == 0 ? WaitMatch.EventsOf(emission.Type) : null };
            if (!await accept(offer, new EmissionAdvanced(emission.Id, null, "", 0, null))) return false;
        }

        return true;
    }

    private static List<TriggerTarget> TargetsOf(string type, WorkflowSet workflows)
    {
        var (targets, patterns) = (new List<TriggerTarget>(), EventTypes.PatternsOf(type));
        foreach (var (_, state) in workflows.Workflows.OrderBy(w => w.Key, StringComparer.Ordinal))
        {
            if (state is not { Enabled: true, Version: { } version }) continue;
            foreach (var trigger in version.Triggers.Values)
            {
                if (trigger.Config is EventTrigger.Config config && config.Types.Any(patterns.Contains)) targets.Add(new TriggerTarget(version, trigger));
            }
        }

        return targets;
    }

    private Event EventOf(Emission emission)
    {
        var (id, now) = (ids.Next(), time.GetUtcNow());
        return new Event
        {
            Id = id,
            Trigger = EventTrigger.TypeName,
            Type = emission.Type,
            Source = emission.Source,
            Subject = emission.Key,
            AcceptedAt = now,
            Attributes = Json.From(new
            {
                id = PublicId.Format(PublicId.Event, id),
                source = emission.Source,
                type = emission.Type,
                time = emission.CreatedAt.UtcDateTime,
                subject = emission.Key,
                emission = PublicId.Format(PublicId.Emission, emission.Id),
                emitDepth = emission.Depth,
            }),
            ContentType = System.Net.Mime.MediaTypeNames.Application.Json,
            Body = emission.Data.Utf8,
        };
    }
}

/// <summary>Takes an event in together with a change; false when it was not taken for now. True also when another server did.</summary>
internal delegate ValueTask<bool> AcceptEmission(Offer offer, EmissionAdvanced with);
