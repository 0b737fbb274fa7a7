using Automation.Server.Triggers.Webhooks.Door;
using Automation.Server.Triggers.Webhooks.Handshakes;
using Automation.Server.Triggers.Webhooks.Verification;
using Automation.Server.Workflows.Compilation;
using Microsoft.Net.Http.Headers;

namespace Automation.Server.Triggers.Webhooks;

/// <summary>One webhook trigger of an active version, its config worked out for requests.</summary>
internal sealed class WebhookRoute
{
    private readonly WebhookConfig config;
    private readonly MediaTypeHeaderValue[]? accepts;

    public WebhookRoute(TriggerTarget target, PathPattern pattern)
    {
        config = (WebhookConfig)target.Trigger.Config;
        Target = target;
        Pattern = pattern;
        Methods = WebhookMethodNames.Of(config.Methods);
        MaxBody = (config.MaxBody ?? WebhookConfig.DefaultMaxBody).Bytes;
        Scheme = config.Verify is { } verify && VerificationSchemes.BuiltIn.TryGet(verify.Scheme, out var scheme) ? scheme : null;
        var handshakes = new List<IHandshake>(1);
        if (Scheme?.Handshake is { } own) handshakes.Add(own);
        if (config.Handshake is { } asked) handshakes.Add(asked is WebhookHandshake.CloudEvents ? new CloudEventsHandshake() : new EchoHandshake());
        Handshakes = handshakes;
        Allowed = config.Allow is { } allow ? AddressList.Of(allow) : null;
        PerSource = config.RateLimit?.PerSource is { } perSource ? new RateLimits(perSource) : null;
        PerPath = config.RateLimit?.PerPath is { } perPath ? new RateLimits(perPath) : null;
        if (config.Accepts is { } types) accepts = [.. types.Select(type => MediaTypeHeaderValue.TryParse(type, out var known) ? known : null).OfType<MediaTypeHeaderValue>()];
    }

    public TriggerTarget Target { get; }

    public PathPattern Pattern { get; }

    public WebhookMethods Methods { get; }

    /// <summary>Bytes.</summary>
    public long MaxBody { get; }

    public VerifyConfig? Verify => config.Verify;

    /// <summary>That <see cref="Verify"/> names; null without one.</summary>
    public VerificationScheme? Scheme { get; }

    public IReadOnlyList<IHandshake> Handshakes { get; }

    /// <summary>A header that is the proof itself, so that it must not be shown; null for none.</summary>
    public string? ProofHeader => Verify is { Scheme: "api-key" or "jwt", Header: { } header } ? header : null;

    /// <summary>Who may call; null for everybody.</summary>
    public AddressList? Allowed { get; }

    /// <summary>Null for no limit, as <see cref="PerPath"/>.</summary>
    public RateLimits? PerSource { get; }

    public RateLimits? PerPath { get; }

    public bool WaitsForResult => config.Respond is RespondWith.Result;

    public TimeSpan Timeout => config.Timeout?.Value ?? WebhookConfig.DefaultTimeout;

    /// <summary>The unit of the version's program with the schema of the data; null for none.</summary>
    public string? SchemaUnit => config.Schema is null ? null : TriggerCompiler.SchemaUnitOf(Target.Trigger.Id);

    /// <summary>How long the sender's ids are remembered; zero for not at all. A caller that waits for the result tries again because it was not the one it wanted: then the run has to be made again.</summary>
    public TimeSpan ReplayWindow => config.Verify?.ReplayWindow?.Value ?? (WaitsForResult ? TimeSpan.Zero : VerifyConfig.DefaultReplayWindow);

    /// <summary>When rejections of this trigger may be logged.</summary>
    public LogGate Rejections { get; } = new();

    /// <summary>Whether the trigger's <c>accepts</c> lets a body of this type in; a request without a content type only when there is no <c>accepts</c>.</summary>
    public bool Accepts(string? contentType) =>
        accepts is null || (MediaTypeHeaderValue.TryParse(contentType, out var sent) && Array.Exists(accepts, sent.IsSubsetOf));
}

/// <summary>A trigger whose path matches a request.</summary>
/// <param name="Route">The trigger.</param>
/// <param name="Values">Decoded, in the order of the pattern's names.</param>
internal readonly record struct WebhookMatch(WebhookRoute Route, string[] Values)
{
    /// <summary>The sender's id of the message, once it was verified; null when it has none.</summary>
    public string? MessageId { get; init; }

    /// <summary>Name of the secret that it was verified with; null for none.</summary>
    public string? Secret { get; init; }

    /// <summary>A sender's id as this trigger knows it: senders on other values of its path count theirs apart. Of a path there are many spellings, of its decoded values one.</summary>
    public string? Told(string? id) => string.IsNullOrEmpty(id) ? null : string.Join('\n', [.. Values.Select(Uri.EscapeDataString), id]);

    public TriggerTarget Target => MessageId is { } id && Route.ReplayWindow > TimeSpan.Zero ? Route.Target with { Message = (id, Route.ReplayWindow) } : Route.Target;
}
