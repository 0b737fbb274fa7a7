using Automation.Mqtt.Broker;
using Automation.Mqtt.Transport;

namespace Automation.Mqtt.Access;

/// <summary>
/// Who may read and write which topics, in a text file with one rule a line: <c>USER allow|deny read|write|readwrite FILTER</c>. USER is a user
/// name, in quotation marks when it has a space, or <c>*</c> for everybody, clients without a name as well. FILTER is a topic filter in which the
/// levels <c>{clientid}</c> and <c>{username}</c> stand for the client's own. Empty lines and lines that start with <c>#</c> are skipped.
/// </summary>
/// <remarks>
/// <para>
/// The first rule that speaks of a topic decides; where none does, it is denied. A subscription is allowed when everything it can match is: by one
/// rule that covers its whole filter, without an earlier rule that denies a part of it. <c>#</c> does not speak of topics that begin with
/// <c>$</c>; those need a rule that names them.
/// </para>
/// <para>
/// A client chooses its identifier itself, so <c>{clientid}</c> keeps clients apart that mean well; what keeps strangers out is
/// <c>{username}</c> with a password or a certificate.
/// </para>
/// <para>
/// The file is looked at once a second at most while it is in use, and read again when it has changed; a mistake in it is reported then, and the
/// rules read before stay in force. For subscriptions that were allowed before, set <see cref="Changed"/> to
/// <see cref="MqttBroker.ReviewSubscriptionsAsync"/>. All members may be used from any thread.
/// </para>
/// </remarks>
public sealed class AccessFile : IDisposable
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1);

    private readonly FileContent<AccessList> _lists;
    private readonly TimeProvider _time;
    private AccessList _current;
    private long _lookedAt;
    private ITimer? _timer;

    /// <summary>Opens the file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="onError">Told of changes that cannot be taken: what was being done, and the exception.</param>
    /// <param name="time">Clock; the system's unless given.</param>
    /// <exception cref="InvalidDataException">The file cannot be read, or a line is wrong; the message names file and line.</exception>
    public AccessFile(string path, Action<string, Exception>? onError = null, TimeProvider? time = null)
    {
        _time = time ?? TimeProvider.System;
        _lists = new([path], () => AccessList.Read(path), onError ?? ((_, _) => { }));
        _current = _lists.Current;
        _lookedAt = _time.GetTimestamp();
    }

    /// <summary>Called when other rules are in force. While it is set the file is looked at each second, in use or not.</summary>
    public Action? Changed
    {
        get;
        set
        {
            field = value;
            _timer ??= _time.CreateTimer(_ => List(), null, s_interval, s_interval);
        }
    }

    /// <summary>Ends looking at the file each second.</summary>
    public void Dispose() => _timer?.Dispose();

    /// <summary>Whether a client may publish to a topic; goes behind <see cref="MqttBrokerOptions.AuthorizePublish"/>.</summary>
    /// <param name="context">The publish, or the will.</param>
    /// <returns><see cref="MqttReasonCode.Success"/> or <see cref="MqttReasonCode.NotAuthorized"/>.</returns>
    public ValueTask<MqttReasonCode> AuthorizePublish(MqttPublishContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return Answer(List().MayWrite(context.Client, context.Message.Topic));
    }

    /// <summary>Whether a client may subscribe to a filter; goes behind <see cref="MqttBrokerOptions.OnSubscribe"/>.</summary>
    /// <param name="context">The subscription; of a shared one the filter without the share.</param>
    /// <returns><see cref="MqttReasonCode.Success"/> or <see cref="MqttReasonCode.NotAuthorized"/>.</returns>
    public ValueTask<MqttReasonCode> AuthorizeSubscribe(MqttSubscribeContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return Answer(List().MayRead(context.Client, context.Filter.Filter));
    }

    private static ValueTask<MqttReasonCode> Answer(bool isAllowed) => new(isAllowed ? MqttReasonCode.Success : MqttReasonCode.NotAuthorized);

    private AccessList List()
    {
        var looked = Volatile.Read(ref _lookedAt);
        var now = _time.GetTimestamp();
        if (_time.GetElapsedTime(looked, now) >= s_interval && Interlocked.CompareExchange(ref _lookedAt, now, looked) == looked)
        {
            var latest = _lists.Current;
            if (Interlocked.Exchange(ref _current, latest) != latest)
                Changed?.Invoke();
        }

        return Volatile.Read(ref _current);
    }
}
