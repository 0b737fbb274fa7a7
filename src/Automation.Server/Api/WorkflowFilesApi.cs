using System.Collections.Immutable;
using System.ComponentModel;
using System.Text.Json.Serialization;
using Automation.Server.Access;
using Automation.Server.Editing;
using Automation.Server.Sandbox;
using Automation.Server.Values;
using Automation.Server.Workflows;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Automation.Server.Api;

/// <summary>The files of a workflow, for designers: read, checked, saved and committed.</summary>
internal static class WorkflowFilesApi
{
    private const int LongestMessage = 4096;

    public static void Map(RouteGroupBuilder api)
    {
        var workflows = api.MapGroup("/workflows").WithTags("Editing").Needs(Role.Editor).ForName("id", "workflow");
        workflows.MapGet("/{id}/files", ReadAsync).Needs(Role.Viewer).WithName("readWorkflowFiles").WithSummary("The files of a workflow as they are in the folder").ProducesProblem(404);
        workflows.MapPut("/{id}/files", SaveAsync).WithName("saveWorkflowFiles").WithSummary("Write files of a workflow, and commit them if asked to")
            .WithDescription("Only if they are as `base` says: else nothing is written, and the answer is 409 with the files as they are in `current`. Files with mistakes are written too; the version before stays active until they are mended.")
            .Produces<SavedFiles>().ProducesProblem(400).Produces<FilesConflict>(409, "application/problem+json").ProducesProblem(503);
        workflows.MapDelete("/{id}/files", DeleteAsync).WithName("deleteWorkflowFiles").WithSummary("Delete a workflow's file, its layout and its tests; scripts stay")
            .Produces<SavedFiles>().ProducesProblem(404).Produces<FilesConflict>(409, "application/problem+json").ProducesProblem(503);
        workflows.MapPost("/{id}/check", CheckAsync).WithName("checkWorkflowFiles").WithSummary("What would be wrong with a workflow if these files were saved").ChangesNothing().ProducesProblem(400).ProducesProblem(409).ProducesProblem(503);
        workflows.MapPost("/{id}/presence", NotePresence).WithName("notePresence").WithSummary("Say that a window has a workflow open, and hear of the others").ChangesNothing()
            .WithDescription("On this server. A window that does not say so for 30 seconds is forgotten.").ProducesProblem(400);
        workflows.MapGet("/stream", WorkflowStream.SendAsync).Needs(Role.Viewer).WithName("streamWorkflows").WithSummary("Changes of workflows as server-sent events")
            .WithDescription("`workflow`: one that is new, or whose version, switch, problems or files changed, its layout and its tests too, with the `base` of its files; `gone`: one whose file is gone.").Produces<string>(200, "text/event-stream").ProducesProblem(503);
        api.MapPost("/evaluate", EvaluateAsync).WithTags("Editing").Needs(Role.Editor).WithName("evaluate").WithSummary("Run an expression or a script on sample data; nothing is stored").ChangesNothing()
            .WithDescription($"Trials and checks run one after the other, in a process of their own. Of one caller {Trials.MostOfOne} may be under way: a further one replaces the oldest, whose answer is 409 then.").ProducesProblem(400).ProducesProblem(409).ProducesProblem(503);
    }

    private static async Task<Results<Ok<FilesView>, ProblemHttpResult>> ReadAsync(
        [Description(WorkflowsApi.IdDescription)] string id, HttpContext context, [FromServices] WorkflowReader reader, [FromServices] GitWorkTree git, [FromServices] WorkflowFolder folder) =>
        WorkflowFolder.IsWorkflowId(WorkflowsApi.Unescape(id)) && reader.Read(WorkflowsApi.Unescape(id), Caller.Of(context)!) is { } files
            ? TypedResults.Ok(FilesView.Of(files, await git.StateAsync(folder.Root, [.. files.Texts.Keys])))
            : ApiProblem.NoWorkflow(WorkflowsApi.Unescape(id));

    [RequestSizeLimit(16 << 20)]
    private static async Task<IResult> SaveAsync(
        [Description(WorkflowsApi.IdDescription)] string id, FilesToSave body, HttpContext context, [FromServices] WorkflowEditor editor, [FromServices] GitWorkTree git, [FromServices] WorkflowFolder folder, ApiSources sources, CancellationToken cancellation)
    {
        var workflow = WorkflowsApi.Unescape(id);
        if (Refuse(workflow, body.Files) is { } refused) return ApiProblem.BadRequest(refused);
        if (body.Message is { } message && (message.Trim().Length == 0 || message.Length > LongestMessage)) return ApiProblem.BadRequest($"A commit's message is not empty and has {LongestMessage} characters at the most.");
        if (body.Base is null && !body.Files!.ContainsKey(WorkflowFiles.NameOf(workflow))) return ApiProblem.BadRequest($"A new workflow needs its file, \"{WorkflowFiles.NameOf(workflow)}\".");
        AuditDetail.Set(context, new { body.Base }, new { files = body.Files!.Keys.Order(StringComparer.Ordinal), commit = body.Message });
        return await WriteAsync(workflow, body.Base, body.Files!, body.Message is null ? null : new CommitRequest(body.Message, Caller.Of(context)!.Name), context, editor, git, folder, sources, cancellation);
    }

    private static async Task<IResult> DeleteAsync(
        [Description(WorkflowsApi.IdDescription)] string id, [FromQuery, Description("What `base` was when the files were read.")] string @base, HttpContext context, [FromServices] WorkflowReader reader, [FromServices] WorkflowEditor editor, [FromServices] GitWorkTree git, [FromServices] WorkflowFolder folder,
        ApiSources sources, CancellationToken cancellation)
    {
        var workflow = WorkflowsApi.Unescape(id);
        if (!WorkflowFolder.IsWorkflowId(workflow) || reader.Read(workflow, Caller.Of(context)!) is not { } files) return ApiProblem.NoWorkflow(workflow);
        return await WriteAsync(workflow, @base, files.Texts.Keys.Concat(files.Hidden.Keys).Where(path => WrittenPath.IsOwn(workflow, path)).ToDictionary(name => name, _ => (string?)null), null, context, editor, git, folder, sources, cancellation);
    }

    private static async Task<IResult> WriteAsync(
        string workflow, string? basis, IReadOnlyDictionary<string, string?> files, CommitRequest? commit, HttpContext context, WorkflowEditor editor, GitWorkTree git, WorkflowFolder folder, ApiSources sources, CancellationToken cancellation)
    {
        SaveResult saved;
        try
        {
            saved = await editor.SaveAsync(workflow, basis, files, commit, Caller.Of(context)!, cancellation);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return ApiProblem.Unavailable(context, $"The files cannot be written: {error.Message} See that the server may write into the workflows folder.");
        }

        if (saved.Refused is { } refused) return ApiProblem.BadRequest(refused);
        if (!saved.Saved)
        {
            var current = saved.Present is null ? null : FilesView.Of(saved.Present, await git.StateAsync(folder.Root, [.. saved.Present.Texts.Keys]));
            var detail = saved.Present is null ? "The workflow's files are gone."
                : basis is null && saved.Present.Texts.ContainsKey(WorkflowFiles.NameOf(workflow)) ? $"There is a workflow \"{workflow}\" already."
                : "There are files that you have not seen, or that somebody else changed meanwhile; nothing was written.";
            return TypedResults.Problem(statusCode: StatusCodes.Status409Conflict, detail: detail, extensions: [KeyValuePair.Create("current", (object?)current)]);
        }

        return TypedResults.Ok(new SavedFiles(
            saved.Present?.Base,
            saved.Present?.Texts ?? ImmutableDictionary<string, string>.Empty,
            FilesView.ReasonsOf(saved.Present),
            saved.Commit?.Hash,
            saved.Commit?.Problem,
            [.. WorkflowsApi.Find(sources, workflow)?.Problems ?? [], .. saved.TestProblems]));
    }

    [RequestSizeLimit(16 << 20)]
    private static async Task<Results<Ok<CheckedFiles>, ProblemHttpResult>> CheckAsync([Description(WorkflowsApi.IdDescription)] string id, FilesToCheck body, HttpContext context, [FromServices] WorkflowCheck check, [FromServices] Trials trials, CancellationToken cancellation)
    {
        var workflow = WorkflowsApi.Unescape(id);
        if (Refuse(workflow, body.Files) is { } refused) return ApiProblem.BadRequest(refused);
        return await TryAsync(context, trials, async trial => TypedResults.Ok(new CheckedFiles(await check.RunAsync(workflow, body.Files!, Caller.Of(context)!, trial))), cancellation);
    }

    private static Results<Ok<PresenceView>, ProblemHttpResult> NotePresence([Description(WorkflowsApi.IdDescription)] string id, PresenceNote body, HttpContext context, [FromServices] Presence presence)
    {
        if (body.Editor is not { Length: >= 8 and <= 64 } || !WorkflowFolder.IsWorkflowId(WorkflowsApi.Unescape(id))) return ApiProblem.BadRequest("\"editor\" has to be a random text of 8 to 64 characters.");
        return TypedResults.Ok(new PresenceView([.. presence.Note(WorkflowsApi.Unescape(id), body.Editor, Caller.Of(context)!)]));
    }

    [RequestSizeLimit(16 << 20)]
    private static async Task<Results<Ok<EvaluatedView>, ProblemHttpResult>> EvaluateAsync(ToEvaluate body, HttpContext context, [FromServices] Evaluation evaluation, [FromServices] Trials trials, CancellationToken cancellation)
    {
        if (body.Text is not { Length: > 0 and <= Evaluation.MaxCharacters } text) return ApiProblem.BadRequest($"\"text\" has to be of 1 to {Evaluation.MaxCharacters} characters.");
        if (body.File is not null && !body.File.EndsWith(".js", StringComparison.Ordinal) && !body.File.EndsWith(".ts", StringComparison.Ordinal)) return ApiProblem.BadRequest("\"file\" has to end in .js or .ts.");
        var scope = new SandboxScope { Event = body.Event, Input = body.Input, Steps = body.Steps, State = body.State, Vars = body.Vars, Item = body.Item, Index = body.Index, Run = body.Run };
        return await TryAsync(
            context,
            trials,
            async trial =>
            {
                var (result, took) = await evaluation.RunAsync(body.Kind, text, body.File, scope, trial);
                return TypedResults.Ok(new EvaluatedView(
                    result.Error is null && body.Kind is EvaluationKind.Expression ? First(result.Value) : result.Value,
                    [.. result.Log.Select(line => new EvaluatedLine(line.Level, line.Text))],
                    result.Error is { } error ? new EvaluationError(error.Message, error.Line, error.Column, error.Stack) : null,
                    result.State,
                    took.TotalMilliseconds));
            },
            cancellation);
    }

    private static async Task<Results<Ok<T>, ProblemHttpResult>> TryAsync<T>(HttpContext context, Trials trials, Func<CancellationToken, Task<Ok<T>>> run, CancellationToken cancellation)
    {
        using var trial = trials.Begin(Caller.Of(context)!.Actor, cancellation);
        if (trial is null) return ApiProblem.Wait(context, TimeSpan.FromSeconds(1), $"{Trials.Most} trials and checks are waiting for their turn; no more are taken.");
        try
        {
            return await run(trial.Token);
        }
        catch (OperationCanceledException) when (trial.IsReplaced)
        {
            return ApiProblem.Conflict("Newer trials of yours replaced this one; it was not finished.");
        }
        catch (SandboxUnavailableException)
        {
            return ApiProblem.Unavailable(context, "Scripts cannot be tried at the moment.");
        }
    }

    /// <summary>An expression's unit gives a list with one value for each of its expressions.</summary>
    private static Json First(Json values)
    {
        using var document = values.ToDocument();
        return Json.Parse(document.RootElement[0].GetRawText());
    }

    private static string? Refuse(string workflow, IReadOnlyDictionary<string, string?>? files)
    {
        if (!WorkflowFolder.IsWorkflowId(workflow)) return $"\"{workflow}\" cannot be a workflow's id: it has letters, digits, - and _, with / between folders; connectors, endpoints, event-types and the names of package managers' files are taken.";
        if (files is null or { Count: 0 } || files.Count > WorkflowEditor.MaxFiles) return $"\"files\" has to name 1 to {WorkflowEditor.MaxFiles} files with their texts.";
        return files.Select(file => WrittenPath.Refuse(workflow, file.Key, file.Value)).FirstOrDefault(refused => refused is not null);
    }
}

/// <summary>The files of a workflow.</summary>
internal sealed record FilesView(
    string Id,
    [property: Description("Changes when one of the files does; to be sent back when they are saved.")] string Base,
    [property: Description("Path below the workflows folder → text: the workflow, its .layout.json and .tests.json, and what it names.")] IReadOnlyDictionary<string, string> Files,
    [property: Description("Path → why a file that is there is not among `files`: too large, not UTF-8, or of another workflow that the caller's token is not for. It is not written either.")] IReadOnlyDictionary<string, string> Hidden,
    [property: Description("Null where the folder is in no git work tree.")] WorkTreeView? Git)
{
    public static FilesView Of(WorkflowFiles files, WorkTreeState? git) => new(files.WorkflowId, files.Base, files.Texts, ReasonsOf(files), git is null ? null : new WorkTreeView(git.Branch, git.Changed));

    public static IReadOnlyDictionary<string, string> ReasonsOf(WorkflowFiles? files) => files?.Hidden.ToDictionary(file => file.Key, file => file.Value.Reason) ?? [];
}

/// <summary>The git work tree that the workflows are in.</summary>
internal sealed record WorkTreeView([property: Description("What is checked out; null for no branch.")] string? Branch, [property: Description("Of the files, those that are not as they were committed.")] IReadOnlyList<string> Changed);

/// <summary>What is to be written.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record FilesToSave(
    [property: Description("What `base` was when the files were read; null for a workflow that must not be there yet.")] string? Base,
    [property: Description("Path below the workflows folder → text; null deletes.")] IReadOnlyDictionary<string, string?>? Files,
    [property: Description("Commit them with this message; null for no commit.")] string? Message = null);

/// <summary>What was written.</summary>
internal sealed record SavedFiles(
    [property: Description("For the next save; null when no file is left.")] string? Base,
    [property: Description("All files that `base` is of, as they were right after the save: also those that the workflow names since, and that its author was not shown before.")] IReadOnlyDictionary<string, string> Files,
    [property: Description("Path → why a file that is there is not among `files`.")] IReadOnlyDictionary<string, string> Hidden,
    [property: Description("Hash of the commit; null for none.")] string? Commit,
    [property: Description("Why there is no commit, a sentence or git's words; the files are written all the same.")] string? CommitProblem,
    IReadOnlyList<Problem> Problems);

/// <summary>Why nothing was written.</summary>
internal sealed record FilesConflict(string? Title, int Status, string? Detail, [property: Description("The files as they are now; null when they are gone.")] FilesView? Current);

/// <summary>Files to check.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record FilesToCheck([property: Description("Path below the workflows folder → text, null for one that is to go; the others are as they are in the folder.")] IReadOnlyDictionary<string, string?>? Files);

/// <summary>What is wrong with files.</summary>
internal sealed record CheckedFiles(IReadOnlyList<Problem> Problems);

/// <summary>A window that has a workflow open.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record PresenceNote([property: Description("A random text of the window, 8 to 64 characters.")] string? Editor);

/// <summary>Who has a workflow open.</summary>
internal sealed record PresenceView(IReadOnlyList<EditorPresence> Editors);

/// <summary>An expression or a script, and what it sees.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record ToEvaluate(
    EvaluationKind Kind,
    string? Text,
    [property: Description("A script's file name: then it is a module with a default export; null for a function body.")] string? File = null,
    Json? Event = null,
    Json? Input = null,
    [property: Description("{ \"id\": { \"output\": ... } }")] Json? Steps = null,
    Json? State = null,
    Json? Vars = null,
    Json? Item = null,
    Json? Index = null,
    [property: Description("Left out: a sample.")] Json? Run = null);

/// <summary>What came of it.</summary>
internal sealed record EvaluatedView(
    Json Value,
    IReadOnlyList<EvaluatedLine> Log,
    EvaluationError? Error,
    [property: Description("The key's state as the script left it; null when it did not change it.")] Json? State,
    double DurationMs);

/// <summary>A line of the console.</summary>
internal sealed record EvaluatedLine([property: Description("debug, info, warn or error.")] string Level, string Text);

/// <summary>What went wrong, and where; lines and columns count from 1.</summary>
internal sealed record EvaluationError(string Message, int? Line, int? Column, string? Stack);
