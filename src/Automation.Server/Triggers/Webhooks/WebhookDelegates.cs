namespace Automation.Server.Triggers.Webhooks;

/// <summary>A secret's value by its name; null when there is none.</summary>
internal delegate string? SecretLookup(string name);

/// <summary>Stores an event and starts its runs: <see cref="Intake.AcceptAsync"/>.</summary>
internal delegate ValueTask<IntakeResult> AcceptEvent(
    Event accepted, IReadOnlyList<TriggerTarget> targets, TaskCompletionSource<RunAnswer>? answer, CancellationToken cancellation);
