using System.Collections.Frozen;
using Automation.Mqtt.Broker;

namespace Automation.Mqtt.Access;

/// <summary>A user of the broker, with the topics that the user's clients may publish to and subscribe to.</summary>
/// <param name="Name">The user name.</param>
/// <param name="Password">The hashed password.</param>
/// <param name="Publish">Topic filters; the levels <c>{clientid}</c> and <c>{username}</c> stand for the client's own.</param>
/// <param name="Subscribe">The same for subscriptions: one is allowed when a filter covers all that it can match.</param>
/// <param name="Enabled">False keeps the user out.</param>
public sealed record MqttUser(string Name, PasswordHash Password, IReadOnlyList<string> Publish, IReadOnlyList<string> Subscribe, bool Enabled = true)
{
    /// <summary>Whether a text can be one of <see cref="Publish"/> or <see cref="Subscribe"/>.</summary>
    /// <param name="filter">The text.</param>
    public static bool IsFilter(string filter) => AccessRule.Create(allows: true, forRead: true, forWrite: true, filter) is not null;
}

/// <summary>Users that the application keeps, beside those of a <see cref="PasswordFile"/>. They can be replaced while clients are connected.</summary>
/// <remarks>
/// All members may be used from any thread. After <see cref="Use"/> call <see cref="MqttBroker.ReviewClients"/> and <see cref="MqttBroker.ReviewSubscriptionsAsync"/>, so that clients and subscriptions
/// that are there follow.
/// </remarks>
public sealed class MqttUsers : IDisposable
{
    private const int MaxRemembered = 10_000, MaxWaiting = 100;

    private static readonly Lazy<PasswordHash> s_decoy = new(() => PasswordHash.Create("decoy"u8));

    private readonly PasswordChecks _checks = new(MaxRemembered, Math.Max(1, Environment.ProcessorCount / 2), MaxWaiting);
    private volatile Version _current = new(FrozenDictionary<string, MqttUser>.Empty, AccessList.Of([]));

    /// <summary>Whether there are users, those who are kept out included.</summary>
    public bool Any => _current.Users.Count > 0;

    /// <summary>Puts other users in the place of those before.</summary>
    /// <param name="users">All of them.</param>
    public void Use(IEnumerable<MqttUser> users)
    {
        var now = users.ToFrozenDictionary(user => user.Name, StringComparer.Ordinal);
        _current = new Version(now, AccessList.Of(now.Values.Where(user => user.Enabled).SelectMany(RulesOf)));
    }

    /// <summary>Whether there is a user of this name.</summary>
    /// <param name="userName">The user name; null for a client without one.</param>
    public bool Has(string? userName) => userName is not null && _current.Users.ContainsKey(userName);

    /// <summary>Checks a password.</summary>
    /// <param name="userName">The user name.</param>
    /// <param name="password">The password.</param>
    /// <returns>Success, bad user name or password, or server busy when too many passwords wait to be checked.</returns>
    public ValueTask<MqttReasonCode> CheckAsync(string userName, ReadOnlyMemory<byte> password) => _checks.CheckAsync(userName, password, PasswordOf(userName), s_decoy.Value);

    /// <summary>Whether a client of one of these users may publish.</summary>
    /// <param name="context">The publish, or the will.</param>
    public MqttReasonCode AuthorizePublish(MqttPublishContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return _current.Rules.MayWrite(context.Client, context.Message.Topic) ? MqttReasonCode.Success : MqttReasonCode.NotAuthorized;
    }

    /// <summary>Whether a client of one of these users may subscribe.</summary>
    /// <param name="context">The subscription.</param>
    public MqttReasonCode AuthorizeSubscribe(MqttSubscribeContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return _current.Rules.MayRead(context.Client, context.Filter.Filter) ? MqttReasonCode.Success : MqttReasonCode.NotAuthorized;
    }

    /// <summary>Forgets what was remembered.</summary>
    public void Dispose() => _checks.Dispose();

    /// <summary>The hashed password of a user who may come in; else null.</summary>
    internal PasswordHash? PasswordOf(string userName) => _current.Users.GetValueOrDefault(userName) is { Enabled: true } user ? user.Password : null;

    private static IEnumerable<(string, AccessRule)> RulesOf(MqttUser user)
    {
        foreach (var filter in user.Publish)
            yield return (user.Name, Rule(filter, isRead: false));
        foreach (var filter in user.Subscribe)
            yield return (user.Name, Rule(filter, isRead: true));
    }

    private static AccessRule Rule(string filter, bool isRead) =>
        AccessRule.Create(allows: true, forRead: isRead, forWrite: !isRead, filter) ?? throw new ArgumentException($"\"{filter}\" is no topic filter, or its placeholders are no whole levels.");

    private sealed record Version(FrozenDictionary<string, MqttUser> Users, AccessList Rules);
}
