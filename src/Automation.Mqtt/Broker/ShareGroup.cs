namespace Automation.Mqtt.Broker;

/// <summary>
/// The sessions that share one subscription: <c>$share/{ShareName}/{filter}</c>. Each message goes to one of them — MQTT 5 §4.8.2.
/// Members come and go under the tree's lock; messages are handed out without it.
/// </summary>
internal sealed class ShareGroup
{
    private volatile Subscription[] _members = [];
    private int _turn;

    public bool IsEmpty => _members.Length == 0;

    /// <returns>Whether the session was no member yet.</returns>
    public bool Set(Subscription subscription)
    {
        var members = _members;
        var index = Array.FindIndex(members, member => member.Session == subscription.Session);
        if (index < 0)
        {
            _members = [.. members, subscription];
            return true;
        }

        var changed = (Subscription[])members.Clone();
        changed[index] = subscription;
        _members = changed;
        return false;
    }

    /// <returns>Whether the session was a member.</returns>
    public bool Remove(Session session)
    {
        var members = _members;
        _members = Array.FindAll(members, member => member.Session != session);
        return _members.Length < members.Length;
    }

    /// <summary>Queues the message for the next member in turn that is connected and can be sent it now; for want of one, for a
    /// connected member with room in its queue, and only then for one that is away.</summary>
    /// <returns>False when no member can take it.</returns>
    public bool TryDeliver(RoutedMessage message, RoutingUnit? unit = null)
    {
        var turn = (uint)Interlocked.Increment(ref _turn);
        return TryDeliver(message, turn, MemberState.Free, unit)
            || TryDeliver(message, turn, MemberState.Connected, unit)
            || TryDeliver(message, turn, MemberState.Away, unit);
    }

    private bool TryDeliver(RoutedMessage message, uint turn, MemberState state, RoutingUnit? unit)
    {
        var members = _members;
        for (uint index = 0; index < members.Length; index++)
        {
            var member = members[(turn + index) % members.Length];
            if (member.Session.TryDeliverShared(message, member.Filter, state, unit))
                return true;
        }

        return false;
    }
}

/// <summary>How well a member of a group can take a message.</summary>
internal enum MemberState
{
    /// <summary>Connected, and the message can be sent at once.</summary>
    Free,

    /// <summary>Connected; the message waits in its queue.</summary>
    Connected,

    /// <summary>Not connected; the message is kept if its QoS is 1 or 2.</summary>
    Away,
}
