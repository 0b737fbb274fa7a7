using System.Diagnostics.CodeAnalysis;
using Automation.Mqtt.Topics;

namespace Automation.Mqtt.Broker;

/// <summary>Who subscribes to one filter, alone or in groups that share it. Guarded by the tree's lock.</summary>
internal sealed class Subscribers
{
    // Most filters have one subscriber, a device its own: a dictionary for each would be most of the memory of a large tree.
    private Subscription? _only;
    private Dictionary<Session, Subscription>? _many;
    private Dictionary<string, ShareGroup>? _groups;

    public bool IsEmpty => _only is null && _many is null && _groups is null;

    /// <summary>Adds the subscription, or replaces the session's one.</summary>
    /// <returns>Whether the session had none.</returns>
    public bool Set(Subscription subscription)
    {
        if (subscription.Filter.ShareName is { } share)
            return GroupOf(share).Set(subscription);
        if (_many is null && (_only is null || _only.Session == subscription.Session))
        {
            var isNew = _only is null;
            _only = subscription;
            return isNew;
        }

        if (_many is null)
            (_many, _only) = (new Dictionary<Session, Subscription> { [_only!.Session] = _only }, null);
        var count = _many.Count;
        _many[subscription.Session] = subscription;
        return _many.Count > count;
    }

    /// <summary>Removes the session's subscription.</summary>
    /// <returns>Whether it had one.</returns>
    public bool Remove(Subscription subscription)
    {
        if (subscription.Filter.ShareName is { } share)
            return Leave(share, subscription.Session);
        if (_only is not null && _only.Session == subscription.Session)
        {
            _only = null;
            return true;
        }

        if (_many is null || !_many.Remove(subscription.Session))
            return false;
        if (_many.Count == 0)
            _many = null;
        return true;
    }

    public bool TryGetGroup(string share, [NotNullWhen(true)] out ShareGroup? group)
    {
        group = null;
        return _groups is not null && _groups.TryGetValue(share, out group);
    }

    public void AddTo(Matches matches)
    {
        if (_only is not null)
            matches.Subscriptions.Add(_only);
        if (_many is not null)
            matches.Subscriptions.AddRange(_many.Values);
        if (_groups is not null)
            matches.Groups.AddRange(_groups.Values);
    }

    private ShareGroup GroupOf(string share)
    {
        _groups ??= new Dictionary<string, ShareGroup>(StringComparer.Ordinal);
        if (!_groups.TryGetValue(share, out var group))
            _groups.Add(share, group = new ShareGroup());
        return group;
    }

    private bool Leave(string share, Session session)
    {
        if (!TryGetGroup(share, out var group) || !group.Remove(session))
            return false;
        if (!group.IsEmpty)
            return true;
        _groups!.Remove(share);
        if (_groups.Count == 0)
            _groups = null;
        return true;
    }
}

/// <summary>What matches a topic.</summary>
internal sealed class Matches
{
    /// <summary>Subscriptions that are not shared; a session may be there several times.</summary>
    public List<Subscription> Subscriptions { get; } = [];

    /// <summary>Shared subscriptions: one member of each gets the message.</summary>
    public List<ShareGroup> Groups { get; } = [];

    public void Clear()
    {
        Subscriptions.Clear();
        Groups.Clear();
    }
}
