using System.ComponentModel;
using Automation.Server.Access;
using Automation.Server.Values;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Automation.Server.Api;

/// <summary>The catalogue: what workflows can be made of.</summary>
internal static class TypesApi
{
    public static void Map(RouteGroupBuilder api)
    {
        var types = api.MapGroup("").WithTags("Catalogue").Needs(Role.Viewer);
        types.MapGet("/step-types", (ApiSources sources) => TypedResults.Ok(Page.Whole(sources.StepTypes()))).WithName("listStepTypes").WithSummary("All step types, with the JSON Schema of their config");
        types.MapGet("/trigger-types", (ApiSources sources) => TypedResults.Ok(Page.Whole(sources.TriggerTypes()))).WithName("listTriggerTypes").WithSummary("All trigger types, with the JSON Schema of their config");
        types.MapGet("/connectors", (ApiSources sources) => TypedResults.Ok(Page.Whole(sources.Connectors()))).WithName("listConnectors").WithSummary("All connectors: their step types, the secrets they need, what is wrong with their files");
        types.MapGet("/connector-schema", (ApiSources sources) => TypedResults.Ok(sources.ConnectorSchema())).WithName("getConnectorSchema").WithSummary("JSON Schema of a connector file");
        types.MapGet("/schema", (ApiSources sources) => TypedResults.Ok(sources.WorkflowSchema())).WithName("getSchema").WithSummary("JSON Schema of a workflow file");
    }
}

/// <summary>A step type as the palette shows it.</summary>
internal sealed record StepTypeView(
    [property: Description("As in workflow files: webhook.send.")] string Type,
    string Title,
    string? Description,
    [property: Description("The palette's group.")] string Category,
    [property: Description("A Lucide icon's name.")] string Icon,
    [property: Description("Outcomes that every step of this type has; error is always there.")] IReadOnlyList<string> Outcomes,
    [property: Description("True when the step reaches outside at once, so that the run is saved before it.")] bool Effect,
    [property: Description("JSON Schema of the step's config.")] Json Schema);

/// <summary>A trigger type as the palette shows it.</summary>
internal sealed record TriggerTypeView(
    [property: Description("As in workflow files: webhook.")] string Type,
    string Title,
    string? Description,
    [property: Description("A Lucide icon's name.")] string Icon,
    [property: Description("JSON Schema of the trigger's config.")] Json Schema);

/// <summary>A connector.</summary>
internal sealed record ConnectorView(
    [property: Description("Of its file: slack.")] string Name,
    string Title,
    string? Description,
    [property: Description("A Lucide icon's name.")] string Icon,
    [property: Description("False when the file is in the connectors folder.")] bool BuiltIn,
    [property: Description("What it needs to know to get in.")] IReadOnlyList<CredentialView> Credentials,
    [property: Description("Its step types; none while the file has problems.")] IReadOnlyList<string> StepTypes,
    [property: Description("What is wrong with the file.")] IReadOnlyList<ConnectorProblemView> Problems);

/// <summary>One secret that a connector needs.</summary>
internal sealed record CredentialView(string Name, [property: Description("The secret of the connection that is named as the connector.")] string Secret, string Help);

/// <summary>A mistake in a connector file.</summary>
internal sealed record ConnectorProblemView([property: Description("JSON pointer into the file.")] string Pointer, string Message, int? Line);
