using System.Collections.Frozen;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Automation.Mqtt.Broker;

namespace Automation.Mqtt.Access;

/// <summary>The rules of one version of an access file. What a client's rules come to is worked out once for each client.</summary>
internal sealed partial class AccessList
{
    private const int MaxBytes = 16 * 1024 * 1024;
    private const string Everybody = "*";

    private readonly FrozenDictionary<string, AccessRule[]> _ofUsers;
    private readonly AccessRule[] _ofOthers;
    private readonly ConditionalWeakTable<MqttClientInfo, AppliedRule[]> _applied = [];

    private AccessList(List<(string User, AccessRule Rule)> rules)
    {
        _ofOthers = [.. rules.Where(entry => entry.User == Everybody).Select(entry => entry.Rule)];
        var everybodys = new List<AccessRule>();
        var ofUsers = new Dictionary<string, List<AccessRule>>(StringComparer.Ordinal);
        foreach (var (user, rule) in rules)
        {
            if (user == Everybody)
            {
                everybodys.Add(rule);
                foreach (var list in ofUsers.Values)
                    list.Add(rule);
            }
            else
            {
                if (!ofUsers.TryGetValue(user, out var list))
                    ofUsers[user] = list = [.. everybodys];
                list.Add(rule);
            }
        }

        _ofUsers = ofUsers.ToFrozenDictionary(entry => entry.Key, entry => entry.Value.ToArray(), StringComparer.Ordinal);
    }

    public static AccessList Of(IEnumerable<(string User, AccessRule Rule)> rules) => new([.. rules]);

    /// <exception cref="InvalidDataException">A line is wrong; the message names file and line.</exception>
    public static AccessList Read(string path)
    {
        if (new FileInfo(path).Length > MaxBytes)
            throw new InvalidDataException($"{path} is larger than {MaxBytes} bytes.");
        var rules = new List<(string, AccessRule)>();
        var number = 0;
        foreach (var line in File.ReadLines(path))
        {
            number++;
            if (string.IsNullOrWhiteSpace(line) || line.TrimStart()[0] == '#')
                continue;
            rules.Add(Parse(line) ?? throw new InvalidDataException(
                $"{path}({number}): a rule is USER allow|deny read|write|readwrite FILTER, and {{clientid}} and {{username}} are whole levels of the filter."));
        }

        return new AccessList(rules);
    }

    public bool MayWrite(MqttClientInfo client, string topic)
    {
        var levels = topic.Split('/');
        foreach (var applied in RulesOf(client))
        {
            if (applied.Rule.ForWrite && applied.Matches(levels))
                return applied.Rule.Allows;
        }

        return false;
    }

    public bool MayRead(MqttClientInfo client, string filter)
    {
        var levels = filter.Split('/');
        foreach (var applied in RulesOf(client))
        {
            if (!applied.Rule.ForRead)
                continue;
            if (applied.Rule.Allows ? applied.Covers(levels) : applied.Touches(levels))
                return applied.Rule.Allows;
        }

        return false;
    }

    private static (string, AccessRule)? Parse(string line)
    {
        if (Line().Match(line) is not { Success: true } match)
            return null;
        var user = match.Groups["quoted"].Success ? match.Groups["quoted"].Value : match.Groups["user"].Value;
        var isQuotedStar = match.Groups["quoted"].Success && user == Everybody;
        if (isQuotedStar)
            return null; // would mean everybody, and the quotation marks say that it does not
        var action = match.Groups["action"].Value;
        var rule = AccessRule.Create(
            allows: match.Groups["kind"].Value == "allow",
            forRead: action is "read" or "readwrite",
            forWrite: action is "write" or "readwrite",
            match.Groups["filter"].Value);
        return rule is null ? null : (user, rule);
    }

    private AppliedRule[] RulesOf(MqttClientInfo client) => _applied.GetValue(client, Apply);

    private AppliedRule[] Apply(MqttClientInfo client)
    {
        var rules = client.UserName is { } name && _ofUsers.TryGetValue(name, out var own) ? own : _ofOthers;
        var applied = new List<AppliedRule>(rules.Length);
        foreach (var rule in rules)
        {
            if (rule.LevelsFor(client) is { } levels)
                applied.Add(new AppliedRule(rule, levels));
        }

        return [.. applied];
    }

    [GeneratedRegex(
        """^\s*(?:"(?<quoted>[^"]+)"|(?<user>[^\s"]+))\s+(?<kind>allow|deny)\s+(?<action>read|write|readwrite)\s+(?<filter>.*?)\s*$""",
        RegexOptions.CultureInvariant)]
    private static partial Regex Line();
}
