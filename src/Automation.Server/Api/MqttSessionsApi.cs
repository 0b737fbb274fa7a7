using System.ComponentModel;
using System.Globalization;
using Automation.Mqtt;
using Automation.Mqtt.Broker;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Automation.Server.Api;

/// <summary>Clients, sessions and subscriptions of the embedded broker.</summary>
internal static class MqttSessionsApi
{
    public static Results<Ok<Page<MqttClientView>>, ProblemHttpResult> ListClients([AsParameters] MqttClientFilter filter, HttpRequest request, ApiSources sources, TimeProvider time)
    {
        var parameters = new Parameters(time);
        var limit = parameters.Limit(filter.Limit);
        if (parameters.Problem is { } problem) return problem;
        var found = List(sources, new MqttSessionQuery { IsConnected = true, ClientIdPart = filter.Search, UserName = filter.UserName, After = filter.After, Limit = limit + 1 });
        var clients = found.Where(session => session.Client is not null).Select(MqttClientView.Of).ToList(); // one may have left in between
        return TypedResults.Ok(Page.After(clients, limit, request, client => client.ClientId));
    }

    public static Results<Ok<MqttClientView>, ProblemHttpResult> GetClient([Description(MqttApi.ClientIdDescription)] string id, ApiSources sources) =>
        Find(sources, id) is { Client: not null } session ? TypedResults.Ok(MqttClientView.Of(session)) : NotConnected(id);

    public static Results<NoContent, ProblemHttpResult> Disconnect(
        [Description(MqttApi.ClientIdDescription)] string id,
        [Description("What an MQTT 5 client is told; administrativeAction unless given."), OneOf<DisconnectReason>] string? reason,
        ApiSources sources,
        TimeProvider time)
    {
        var parameters = new Parameters(time);
        var code = (MqttReasonCode)(parameters.OneOf<DisconnectReason>("reason", reason) ?? DisconnectReason.AdministrativeAction);
        if (parameters.Problem is { } problem) return problem;
        return sources.MqttBroker()!.Disconnect(MqttApi.Unescape(id), code) ? TypedResults.NoContent() : NotConnected(id);
    }

    public static Results<Ok<Page<MqttSessionView>>, ProblemHttpResult> ListSessions([AsParameters] MqttSessionFilter filter, HttpRequest request, ApiSources sources, TimeProvider time)
    {
        var parameters = new Parameters(time);
        var limit = parameters.Limit(filter.Limit);
        var state = parameters.OneOf<SessionState>("state", filter.State);
        if (parameters.Problem is { } problem) return problem;
        bool? isConnected = state is { } asked ? asked is SessionState.Connected : null;
        var found = List(sources, new MqttSessionQuery { IsConnected = isConnected, ClientIdPart = filter.Search, UserName = filter.UserName, After = filter.After, Limit = limit + 1 });
        return TypedResults.Ok(Page.After([.. found.Select(MqttSessionView.Of)], limit, request, session => session.ClientId));
    }

    public static Results<Ok<MqttSessionDetails>, ProblemHttpResult> GetSession([Description(MqttApi.ClientIdDescription)] string id, ApiSources sources)
    {
        if (Find(sources, id) is not { } session) return NoSession(id);
        var page = sources.MqttBroker()!.Sessions.Subscriptions(new MqttSubscriptionQuery { ClientId = session.ClientId, Limit = Page.MaxLimit });
        var next = page.Next is { } last ? $"/api/mqtt/subscriptions{QueryString.Create("clientId", session.ClientId).Add("after", CursorOf(last))}" : null;
        return TypedResults.Ok(new MqttSessionDetails(
            MqttSessionView.Of(session),
            session.Client is null ? null : MqttClientView.Of(session),
            new Page<MqttSubscriptionView>([.. page.Items.Select(MqttSubscriptionView.Of)], next)));
    }

    public static async Task<Results<NoContent, ProblemHttpResult>> EndAsync([Description(MqttApi.ClientIdDescription)] string id, ApiSources sources) =>
        await sources.MqttBroker()!.Sessions.EndAsync(MqttApi.Unescape(id)) ? TypedResults.NoContent() : NoSession(id);

    public static Results<Ok<Page<MqttSubscriptionView>>, ProblemHttpResult> ListSubscriptions([AsParameters] MqttSubscriptionFilter filter, HttpRequest request, ApiSources sources, TimeProvider time)
    {
        var parameters = new Parameters(time);
        var limit = parameters.Limit(filter.Limit);
        var topic = parameters.Topic("topic", filter.Topic);
        var after = Cursor(parameters, filter.After);
        if (parameters.Problem is { } problem) return problem;
        var page = sources.MqttBroker()!.Sessions.Subscriptions(new MqttSubscriptionQuery { ClientId = filter.ClientId, Filter = filter.Filter, Topic = topic, After = after, Limit = limit });
        return TypedResults.Ok(new Page<MqttSubscriptionView>([.. page.Items.Select(MqttSubscriptionView.Of)], page.Next is { } next ? Page.PathOf(request, "after", CursorOf(next)) : null));
    }

    private static IReadOnlyList<MqttSessionStatus> List(ApiSources sources, MqttSessionQuery query) => sources.MqttBroker()!.Sessions.List(query);

    private static MqttSessionStatus? Find(ApiSources sources, string id) => sources.MqttBroker()!.Sessions.Find(MqttApi.Unescape(id));

    private static ProblemHttpResult NotConnected(string id) => MqttApi.NotFound($"No MQTT client \"{MqttApi.Unescape(id)}\" is connected.");

    private static ProblemHttpResult NoSession(string id) => MqttApi.NotFound($"There is no MQTT session of a client \"{MqttApi.Unescape(id)}\".");

    // Both parts may hold any character, so the first one's length comes before them.
    private static string CursorOf((string ClientId, string Filter) last) => string.Create(CultureInfo.InvariantCulture, $"{last.ClientId.Length}:{last.ClientId}{last.Filter}");

    private static (string ClientId, string Filter)? Cursor(Parameters parameters, string? text)
    {
        if (text is null) return null;
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon > 0 && int.TryParse(text.AsSpan(0, colon), NumberStyles.None, CultureInfo.InvariantCulture, out var length) && length < text.Length - colon)
            return (text.Substring(colon + 1, length), text[(colon + 1 + length)..]);
        parameters.Bad("after", "This is not the cursor of a page: take it from \"next\".");
        return null;
    }
}

/// <summary>Why an operator closes a connection.</summary>
internal enum DisconnectReason
{
    AdministrativeAction = MqttReasonCode.AdministrativeAction,
    NotAuthorized = MqttReasonCode.NotAuthorized,
    ServerBusy = MqttReasonCode.ServerBusy,
    MessageRateTooHigh = MqttReasonCode.MessageRateTooHigh,
    QuotaExceeded = MqttReasonCode.QuotaExceeded,
    UseAnotherServer = MqttReasonCode.UseAnotherServer,
    ServerMoved = MqttReasonCode.ServerMoved,
}

/// <summary>Whether the session's client is there.</summary>
internal enum SessionState
{
    Connected,
    Away,
}

/// <summary>Which clients to list.</summary>
internal sealed record MqttClientFilter
{
    [Description("Only clients whose identifier contains this.")]
    public string? Search { get; init; }

    [Description("Only clients of this user.")]
    public string? UserName { get; init; }

    [Description("Only clients after this identifier: the cursor of the next page.")]
    public string? After { get; init; }

    [Description("How many items a page has, 200 at most.")]
    public string? Limit { get; init; }
}

/// <summary>Which sessions to list.</summary>
internal sealed record MqttSessionFilter
{
    [Description("Only sessions whose client is connected, or is away."), OneOf<SessionState>]
    public string? State { get; init; }

    [Description("Only sessions whose client identifier contains this.")]
    public string? Search { get; init; }

    [Description("Only sessions of this user.")]
    public string? UserName { get; init; }

    [Description("Only sessions after this client identifier: the cursor of the next page.")]
    public string? After { get; init; }

    [Description("How many items a page has, 200 at most.")]
    public string? Limit { get; init; }
}

/// <summary>Which subscriptions to list.</summary>
internal sealed record MqttSubscriptionFilter
{
    [Description("Only those of this client's session.")]
    public string? ClientId { get; init; }

    [Description("Only those to this topic filter, as the client wrote it.")]
    public string? Filter { get; init; }

    [Description("Only those that match this topic.")]
    public string? Topic { get; init; }

    [Description("Where to go on: the cursor of the next page.")]
    public string? After { get; init; }

    [Description("How many items a page has, 200 at most.")]
    public string? Limit { get; init; }
}
