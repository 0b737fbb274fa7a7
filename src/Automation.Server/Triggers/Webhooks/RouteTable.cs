using Automation.Server.Triggers.Webhooks.Bodies;
using Automation.Server.Workflows;

namespace Automation.Server.Triggers.Webhooks;

/// <summary>All webhook triggers of one workflow set, by path: a tree with a level for each segment. Immutable.</summary>
/// <remarks>The cost of a look-up follows from the request's segments and from how many triggers match, not from how many there are.</remarks>
internal sealed class RouteTable
{
    private readonly Node root = new();

    /// <summary>Triggers whose path cannot be read are left out; <see cref="WebhookTrigger"/> reports them at load.</summary>
    public RouteTable(WorkflowSet workflows)
    {
        foreach (var version in workflows.Active.OrderBy(version => version.WorkflowId, StringComparer.Ordinal))
        {
            foreach (var trigger in version.Triggers.Values.OrderBy(trigger => trigger.Id, StringComparer.Ordinal))
            {
                if (trigger.Config is WebhookConfig config && PathPattern.TryParse(config.Path, out var pattern, out _))
                    Add(new WebhookRoute(new TriggerTarget(version, trigger, Waits: config.Respond is RespondWith.Result), pattern!));
            }
        }
    }

    /// <summary>Every trigger on a path, whatever its method; the more literal path first.</summary>
    /// <param name="path">Below <c>/hooks</c>, beginning with "/", percent-encoded, its escapes already found valid.</param>
    public List<WebhookMatch> Match(ReadOnlySpan<char> path)
    {
        var matches = new List<WebhookMatch>(1);
        Walk(root, path, [], matches);
        return matches;
    }

    private void Add(WebhookRoute route)
    {
        var node = root;
        foreach (var (kind, text) in route.Pattern.Segments)
        {
            if (kind is SegmentKind.Rest)
            {
                node.Rest.Add(route);
                return;
            }

            node = kind is SegmentKind.Parameter ? node.Parameter ??= new Node() : node.Literal(text);
        }

        node.Here.Add(route);
    }

    /// <param name="node">Where the segments so far led.</param>
    /// <param name="rest">What is left, beginning with "/"; empty at the end of the path.</param>
    /// <param name="values">Of the parameters so far.</param>
    /// <param name="matches">Where to put what is found.</param>
    private static void Walk(Node node, ReadOnlySpan<char> rest, string[] values, List<WebhookMatch> matches)
    {
        if (rest.IsEmpty) Take(node.Here, values, matches);
        else if (node.HasChildren)
        {
            var slash = rest[1..].IndexOf('/');
            var segment = slash < 0 ? rest[1..] : rest[1..(slash + 1)];
            var after = slash < 0 ? default : rest[(slash + 1)..];
            var decoded = segment.Contains('%') && PercentEncoding.TryDecode(segment, out var text) ? text.AsSpan() : segment;
            if (node.TryLiteral(decoded, out var literal)) Walk(literal, after, values, matches);
            if (node.Parameter is { } parameter && !decoded.IsEmpty) Walk(parameter, after, [.. values, decoded.ToString()], matches);
        }

        if (node.Rest.Count == 0) return;
        PercentEncoding.TryDecode(rest.IsEmpty ? rest : rest[1..], out var tail);
        Take(node.Rest, [.. values, tail], matches);
    }

    private static void Take(List<WebhookRoute> routes, string[] values, List<WebhookMatch> matches)
    {
        foreach (var route in routes) matches.Add(new WebhookMatch(route, values));
    }

    private sealed class Node
    {
        private Dictionary<string, Node>? literals;

        public Node? Parameter { get; set; }

        /// <summary>Triggers whose path ends here.</summary>
        public List<WebhookRoute> Here { get; } = [];

        /// <summary>Triggers whose <c>{name*}</c> begins here.</summary>
        public List<WebhookRoute> Rest { get; } = [];

        public bool HasChildren => literals is not null || Parameter is not null;

        public Node Literal(string text)
        {
            literals ??= new Dictionary<string, Node>(StringComparer.Ordinal);
            if (!literals.TryGetValue(text, out var node)) literals.Add(text, node = new Node());
            return node;
        }

        public bool TryLiteral(ReadOnlySpan<char> text, out Node node)
        {
            node = this;
            return literals is not null && literals.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(text, out node!);
        }
    }
}
