using System.ComponentModel;
using System.Net.Mime;
using Automation.Server.Access;
using Automation.Server.Workflows;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.OpenApi;

namespace Automation.Server.Api;

/// <summary>The workflows as they are active now. The files are the author's: nothing here writes them.</summary>
/// <remarks>An id is one path segment, its <c>/</c> written <c>%2F</c>: Kestrel leaves that escape alone when it decodes a path, and <see cref="Find"/> undoes it.</remarks>
internal static class WorkflowsApi
{
    public const string IdDescription = "Path of the file below the workflows folder without .json, its / written %2F: shop%2Fnew-order.";

    public static void Map(RouteGroupBuilder api)
    {
        var workflows = api.MapGroup("/workflows").WithTags("Workflows").Needs(Role.Viewer).ForName("id", "workflow");
        workflows.MapGet("/", List).WithName("listWorkflows").WithSummary("All workflows, by id");
        workflows.MapGet("/problems", ListProblems).WithName("listProblems").WithSummary("Workflows whose files have mistakes, with the mistakes");
        workflows.MapGet("/{id}", Get).WithName("getWorkflow").WithSummary("A workflow with its active document").ProducesProblem(404);
        workflows.MapGet("/{id}/problems", GetProblems).WithName("getProblems").WithSummary("The mistakes in a workflow's files").ProducesProblem(404);
        workflows.MapPost("/{id}/enable", EnableAsync).Needs(Role.Operator).WithName("enableWorkflow").WithSummary("Let a workflow take events").ProducesProblem(404);
        workflows.MapPost("/{id}/disable", DisableAsync).Needs(Role.Operator).WithName("disableWorkflow").WithSummary("Stop a workflow from taking events; its open runs go on").ProducesProblem(404);
        workflows.MapPost("/{id}/run", ManualRun.RunAsync).Needs(Role.Operator).WithName("runWorkflow").WithSummary("Run a workflow with the body as its event's data")
            .WithDescription("The body is JSON whatever its content type; without a body the data is null. Also a workflow that is switched off runs. 202: stored, and it will run. 200: it ended within `wait`.")
            .AddOpenApiOperationTransformer((operation, _, _) =>
            {
                operation.RequestBody = new OpenApiRequestBody { Content = new Dictionary<string, OpenApiMediaType> { [MediaTypeNames.Application.Json] = new() { Schema = new OpenApiSchema() } } };
                return Task.CompletedTask;
            })
            .ProducesValidationProblem().ProducesProblem(404).ProducesProblem(409).ProducesProblem(413).ProducesProblem(503);
    }

    /// <summary>The workflow that a path names; null when there is none.</summary>
    public static WorkflowState? Find(ApiSources sources, string id) => sources.Workflows().Workflows.GetValueOrDefault(Unescape(id));

    public static string Unescape(string id) => id.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);

    private static Ok<Page<WorkflowSummary>> List(ApiSources sources) => TypedResults.Ok(Page.Whole<WorkflowSummary>([.. Sorted(sources).Select(WorkflowSummary.Of)]));

    private static Ok<Page<WorkflowProblems>> ListProblems(ApiSources sources) =>
        TypedResults.Ok(Page.Whole<WorkflowProblems>([.. Sorted(sources).Where(w => w.Problems.Count > 0).Select(w => new WorkflowProblems(w.WorkflowId, w.Problems))]));

    private static Results<Ok<WorkflowDetails>, ProblemHttpResult> Get([Description(IdDescription)] string id, ApiSources sources) =>
        Find(sources, id) is { } workflow ? TypedResults.Ok(WorkflowDetails.Of(workflow)) : ApiProblem.NoWorkflow(Unescape(id));

    private static Results<Ok<WorkflowProblems>, ProblemHttpResult> GetProblems([Description(IdDescription)] string id, ApiSources sources) =>
        Find(sources, id) is { } workflow ? TypedResults.Ok(new WorkflowProblems(workflow.WorkflowId, workflow.Problems)) : ApiProblem.NoWorkflow(Unescape(id));

    private static Task<Results<Ok<WorkflowSummary>, ProblemHttpResult>> EnableAsync([Description(IdDescription)] string id, HttpContext context, ApiSources sources) => SwitchAsync(id, true, context, sources);

    private static Task<Results<Ok<WorkflowSummary>, ProblemHttpResult>> DisableAsync([Description(IdDescription)] string id, HttpContext context, ApiSources sources) => SwitchAsync(id, false, context, sources);

    private static async Task<Results<Ok<WorkflowSummary>, ProblemHttpResult>> SwitchAsync(string id, bool enabled, HttpContext context, ApiSources sources)
    {
        if (Find(sources, id) is not { } workflow) return ApiProblem.NoWorkflow(Unescape(id));
        AuditDetail.Set(context, new { enabled = workflow.Enabled }, new { enabled });
        await sources.SetEnabled(workflow.WorkflowId, enabled);
        return TypedResults.Ok(WorkflowSummary.Of(Find(sources, id) ?? workflow));
    }

    private static IEnumerable<WorkflowState> Sorted(ApiSources sources) => sources.Workflows().Workflows.Values.OrderBy(w => w.WorkflowId, StringComparer.Ordinal);
}
