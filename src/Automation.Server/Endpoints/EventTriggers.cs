using Automation.Server.Runs;
using Automation.Server.Storage;
using Automation.Server.Triggers;
using Automation.Server.Triggers.Events;
using Automation.Server.Values;
using Automation.Server.Workflows;

namespace Automation.Server.Endpoints;

/// <summary>Offers emitted events, oldest first, to the triggers of type <c>event</c>, and to runs that wait for them.</summary>
/// <remarks>Each is taken in with the runs that it starts and the note that triggers have it, as one unit. While the server has no room for runs the events wait here; endpoints do not wait for that. One that cannot be taken in, ever, is noted with the reason.</remarks>
internal sealed class EventTriggers(Journal journal, AcceptEmission accept, Func<WorkflowSet> workflows, IdSource ids, TimeProvider time, ILogger<EventTriggers> log) : EmissionLoop(time, log)
{
    // Other reasons than room and refusal are not foreseen; so often they may pass by themselves.
    private const int MostFailures = 5;
    private static readonly TimeSpan RoomPause = TimeSpan.FromMilliseconds(50);

    private readonly Dictionary<long, int> failures = [];

    /// <exception cref="JournalException">Not stored; to be tried again.</exception>
    public override async Task<TimeSpan?> RunOnceAsync(CancellationToken stopping)
    {
        var open = new EmissionsOpen(Unheard: true, EmissionsAtATime, BytesAtATime);
        await journal.CommitAsync(open);
        if (open.Emissions.Count == 0) return null;
        var current = workflows();
        var pause = TimeSpan.Zero;
        foreach (var emission in open.Emissions)
        {
            stopping.ThrowIfCancellationRequested();
            switch (await OfferAsync(emission, current))
            {
                case EmissionTaken.NotNow: return RoomPause;
                case EmissionTaken.Never: await NoteAsync(emission, "The database refused this event for workflows; the server's log says why."); break;
                case null: pause = RoomPause; break;
            }
        }

        return pause;
    }

    /// <summary>Null when it failed, to be tried again after the others.</summary>
    private async Task<EmissionTaken?> OfferAsync(Emission emission, WorkflowSet current)
    {
        try
        {
            var targets = TargetsOf(emission.Type, current);
            var offer = new Offer(EventOf(emission), targets) { OnlyForWaits = targets.Count == 0 ? WaitMatch.EventsOf(emission.Type) : null };
            var taken = await accept(offer, new EmissionHeard(emission.Id, Time.GetUtcNow()));
            failures.Remove(emission.Id);
            return taken;
        }
        catch (Exception error) when (error is not (OperationCanceledException or JournalException))
        {
            Log.TriggersFailed(Logger, error, PublicId.Format(PublicId.Emission, emission.Id), emission.Type);
            failures[emission.Id] = failures.GetValueOrDefault(emission.Id) + 1;
            if (failures[emission.Id] < MostFailures) return null;
            failures.Remove(emission.Id);
            await NoteAsync(emission, $"Workflows could not be told of this event: {error.GetType().Name}; the server's log says more.");
            return EmissionTaken.Taken;
        }
    }

    private async Task NoteAsync(Emission emission, string problem)
    {
        Log.TriggersMissed(Logger, PublicId.Format(PublicId.Emission, emission.Id), emission.Type, problem);
        try
        {
            await journal.CommitAsync(new EmissionHeard(emission.Id, Time.GetUtcNow(), problem));
        }
        catch (JournalException error) when (error.Superseded)
        {
            // Another server had it.
        }
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
        var (id, now) = (ids.Next(), Time.GetUtcNow());
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

/// <summary>What became of an event that was offered.</summary>
internal enum EmissionTaken
{
    /// <summary>Taken in, by this server or another.</summary>
    Taken,

    /// <summary>There is no room, or the journal cannot write: to be tried again.</summary>
    NotNow,

    /// <summary>The database does not take it.</summary>
    Never,
}

/// <summary>Takes an event in together with a change.</summary>
internal delegate ValueTask<EmissionTaken> AcceptEmission(Offer offer, EmissionHeard with);
