using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Automation.Server.Api;

/// <summary>The OpenAPI document: the same whatever the host, so that the committed <c>openapi.json</c> can be compared with it.</summary>
internal static class ApiDocument
{
    public const string Path = "/openapi/v1.json";
    private const string Bearer = "bearer";

    public static void Describe(OpenApiOptions options)
    {
        options.ShouldInclude = api => api.RelativePath is { } path && (path.StartsWith("api/", StringComparison.Ordinal) || path.StartsWith("health/", StringComparison.Ordinal));
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo
            {
                Title = "Automation",
                Version = "v1",
                Description = "Workflows, the events that came in, their runs and deliveries. Lists are newest first; `next` is the path of the next page. Errors are problem details (RFC 9457).",
            };
            document.Servers = [];
            document.Components ??= new OpenApiComponents();
            document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
            {
                [Bearer] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = Bearer, Description = "The admin token: AUTOMATION_ADMIN_TOKEN, or the file admin-token in the data folder." },
            };
            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            if (context.Description.RelativePath!.StartsWith("api/", StringComparison.Ordinal)) operation.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Bearer, context.Document)] = [] }];
            foreach (var parameter in operation.Parameters ?? []) Describe(parameter.Name!, parameter.Schema as OpenApiSchema);
            return Task.CompletedTask;
        });
        options.AddSchemaTransformer((schema, context, _) =>
        {
            var values = context.ParameterDescription?.ParameterDescriptor is { } ? OneOf(context) : null;
            if (values is not null) schema.Enum = [.. values];
            return Task.CompletedTask;
        });
    }

    /// <summary>Bound as text, so that a bad one is refused by name; described as what it is.</summary>
    private static void Describe(string parameter, OpenApiSchema? schema)
    {
        if (parameter != "limit" || schema is null) return;
        schema.Type = JsonSchemaType.Integer;
        schema.Minimum = "1";
        schema.Maximum = Page.MaxLimit.ToString(System.Globalization.CultureInfo.InvariantCulture);
        schema.Default = JsonValue.Create(Page.DefaultLimit);
    }

    private static IEnumerable<JsonNode>? OneOf(OpenApiSchemaTransformerContext context)
    {
        var parameter = context.ParameterDescription!;
        var values = (parameter.ModelMetadata as Microsoft.AspNetCore.Mvc.ModelBinding.Metadata.DefaultModelMetadata)?.Attributes.Attributes.OfType<OneOfAttribute>().FirstOrDefault()?.Values;
        return values is null ? null : Enum.GetNames(values).Select(name => (JsonNode)JsonValue.Create(System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(name))!);
    }
}
