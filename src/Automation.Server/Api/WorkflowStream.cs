using System.Text;
using System.Threading.Channels;
using Automation.Server.Access;
using Automation.Server.Editing;
using Automation.Server.Workflows;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Automation.Server.Api;

/// <summary>Tells a client which workflows changed, as an <see cref="EventStream"/>. Each message is the difference to what the client was told before: nothing is lost, and little is kept.</summary>
internal static class WorkflowStream
{
    private const int MaxClients = 100;
    private static int clients;

    public static async Task<Results<EmptyHttpResult, ProblemHttpResult>> SendAsync(HttpContext context, [FromServices] WorkflowCatalog catalog, [FromServices] WorkflowReader reader)
    {
        if (Interlocked.Increment(ref clients) > MaxClients)
        {
            Interlocked.Decrement(ref clients);
            return ApiProblem.Unavailable(context, $"{MaxClients} clients are reading this stream; no more are taken.");
        }

        var changed = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        void Note(WorkflowSet set) => changed.Writer.TryWrite(true);
        catalog.Changed += Note; // before it is looked: a change in between is told
        var told = catalog.Current;
        var caller = Caller.Of(context)!;
        try
        {
            await EventStream.SendAsync(context, stop => changed.Reader.WaitToReadAsync(stop).AsTask(), () =>
            {
                changed.Reader.TryRead(out _);
                var (before, now) = (told, catalog.Current);
                told = now;
                return Difference(before, now, reader, caller);
            });
        }
        finally
        {
            catalog.Changed -= Note;
            Interlocked.Decrement(ref clients);
        }

        return TypedResults.Empty;
    }

    private static string Difference(WorkflowSet before, WorkflowSet now, WorkflowReader reader, Caller caller)
    {
        var text = new StringBuilder();
        foreach (var (id, workflow) in now.Workflows)
        {
            if (before.Workflows.TryGetValue(id, out var old) && old.Version?.Hash == workflow.Version?.Hash && old.Enabled == workflow.Enabled && old.Problems.SequenceEqual(workflow.Problems) && old.Pin == workflow.Pin && old.Files == workflow.Files && old.Beside == workflow.Beside) continue;
            var files = WorkflowFolder.IsWorkflowId(id) ? reader.Read(id, caller) : null;
            EventStream.Append(text, "workflow", new { id, version = workflow.Version?.Hash, enabled = workflow.Enabled, problemCount = workflow.Problems.Count, files?.Base });
        }

        foreach (var id in before.Workflows.Keys.Where(id => !now.Workflows.ContainsKey(id))) EventStream.Append(text, "gone", new { id });
        return text.ToString();
    }
}
