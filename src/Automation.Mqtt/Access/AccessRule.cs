using Automation.Mqtt.Broker;
using Automation.Mqtt.Topics;

namespace Automation.Mqtt.Access;

/// <summary>
/// One rule of an access file. A placeholder stands for one level and is compared as it is, never as a wildcard. Where the client's name has
/// <c>/</c>, <c>+</c> or <c>#</c>, a rule that allows does not apply, and one that denies reaches to everything below: a strange name can lose
/// rights, never gain any.
/// </summary>
internal sealed class AccessRule
{
    private const string ClientIdLevel = "{clientid}";
    private const string UserNameLevel = "{username}";

    private readonly string[] _levels;
    private readonly bool _hasPlaceholders;

    private AccessRule(bool allows, bool forRead, bool forWrite, string[] levels)
    {
        Allows = allows;
        ForRead = forRead;
        ForWrite = forWrite;
        _levels = levels;
        _hasPlaceholders = levels.Any(level => level is ClientIdLevel or UserNameLevel);
    }

    public bool Allows { get; }

    public bool ForRead { get; }

    public bool ForWrite { get; }

    /// <returns>Null when the filter is none, is a share, or has braces that are no placeholder and no whole level.</returns>
    public static AccessRule? Create(bool allows, bool forRead, bool forWrite, string filter)
    {
        if (!TopicFilter.TryParse(filter, out var parsed) || parsed.ShareName is not null)
            return null;
        var levels = filter.Split('/');
        return levels.Any(level => level.AsSpan().ContainsAny('{', '}') && level is not (ClientIdLevel or UserNameLevel))
            ? null
            : new AccessRule(allows, forRead, forWrite, levels);
    }

    /// <summary>The levels that the rule has for a client; null when it does not apply.</summary>
    public string[]? LevelsFor(MqttClientInfo client)
    {
        if (!_hasPlaceholders)
            return _levels;
        var levels = (string[])_levels.Clone();
        for (var index = 0; index < levels.Length; index++)
        {
            if (levels[index] is not (ClientIdLevel or UserNameLevel))
                continue;
            var name = levels[index] == ClientIdLevel ? client.ClientId : client.UserName;
            if (string.IsNullOrEmpty(name))
                return null;
            if (name.AsSpan().ContainsAny('/', '+', '#'))
                return Allows ? null : [.. levels[..index], "#"];
            if (Allows && index == 0 && name[0] == '$')
                return null; // topics of the server's own
            levels[index] = name;
        }

        return levels;
    }
}
