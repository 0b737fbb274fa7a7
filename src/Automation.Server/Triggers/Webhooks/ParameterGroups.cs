namespace Automation.Server.Triggers.Webhooks;

/// <summary>Parts the triggers of one request by what they call the parts of its path.</summary>
internal static class ParameterGroups
{
    /// <summary>
    /// Nearly always one group. Triggers whose patterns give one name to two different values (<c>/{a}/x</c> and <c>/y/{a}</c>) get an event
    /// each, because an event has one <c>params</c>.
    /// </summary>
    public static List<List<WebhookMatch>> Of(List<WebhookMatch> matches)
    {
        if (matches.Count == 1) return [matches];
        var groups = new List<List<WebhookMatch>>(1);
        foreach (var match in matches)
        {
            var group = groups.Find(others => others.TrueForAll(other => Agree(match, other)));
            if (group is null) groups.Add([match]);
            else group.Add(match);
        }

        return groups;
    }

    private static bool Agree(WebhookMatch one, WebhookMatch other)
    {
        for (var at = 0; at < one.Values.Length; at++)
        {
            for (var name = 0; name < other.Values.Length; name++)
            {
                if (one.Route.Pattern.Names[at] == other.Route.Pattern.Names[name] && one.Values[at] != other.Values[name]) return false;
            }
        }

        return true;
    }
}
