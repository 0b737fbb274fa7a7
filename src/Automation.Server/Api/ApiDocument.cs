using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Automation.Server.Access;
using Automation.Server.Values;
using Microsoft.AspNetCore.Mvc.Infrastructure;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Automation.Server.Api;

/// <summary>The OpenAPI document: the same whatever the host, so that the committed <c>openapi.json</c> can be compared with it.</summary>
internal static class ApiDocument
{
    /// <summary>The least role that an operation asks for.</summary>
    public const string RoleExtension = "x-required-role";

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
                [Bearer] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = Bearer, Description = "A token that POST /api/tokens made, or the admin token: AUTOMATION_ADMIN_TOKEN, or the file admin-token in the data folder." },
            };
            return Task.CompletedTask;
        });
        options.CreateSchemaReferenceId = type => type.Type == typeof(ShownDeliveryState) ? "DeliveryState" : OpenApiOptions.CreateDefaultSchemaReferenceId(type);
        options.AddOperationTransformer((operation, context, _) =>
        {
            if (context.Description.RelativePath!.StartsWith("api/", StringComparison.Ordinal)) operation.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Bearer, context.Document)] = [] }];
            if (context.Description.ActionDescriptor.EndpointMetadata.OfType<RequiredRole>().LastOrDefault() is { } required)
            {
                operation.Extensions ??= new Dictionary<string, IOpenApiExtension>();
                operation.Extensions[RoleExtension] = new JsonNodeExtension(JsonValue.Create(JsonFormat.NameOf(required.Role)));
            }

            foreach (var parameter in operation.Parameters?.OfType<OpenApiParameter>() ?? []) Describe(parameter, context);
            var answers = operation.Responses!.OrderBy(r => r.Key, StringComparer.Ordinal).ToList();
            operation.Responses = [];
            foreach (var (status, answer) in answers) operation.Responses.Add(status, answer);
            return Task.CompletedTask;
        });
        options.AddSchemaTransformer((schema, context, _) =>
        {
            if (context.JsonTypeInfo.Type is { IsEnum: true }) schema.Type = JsonSchemaType.String;
            var isOurs = context.JsonTypeInfo.Type.Assembly == typeof(ApiDocument).Assembly;
            var isRead = context.JsonTypeInfo.UnmappedMemberHandling is not null; // a request: what may be left out has a default
            if (isOurs && !isRead && schema.Properties is { Count: > 0 } properties) schema.Required = properties.Keys.ToHashSet(); // nulls are written
            return Task.CompletedTask;
        });
    }

    /// <summary>Parameters are bound as text, so that a bad one is refused by name; they are described as what they are.</summary>
    private static void Describe(OpenApiParameter parameter, OpenApiOperationTransformerContext context)
    {
        var bound = context.Description.ParameterDescriptions.Single(p => p.Name == parameter.Name);
        if (parameter.In is not ParameterLocation.Header) parameter.Name = JsonNamingPolicy.CamelCase.ConvertName(parameter.Name!);
        if (parameter.Schema is not OpenApiSchema schema) return;
        var values = (bound.ParameterDescriptor as IParameterInfoParameterDescriptor)?.ParameterInfo.GetCustomAttributes(true).OfType<OneOfAttribute>().FirstOrDefault()?.Values;
        if (values is not null) schema.Enum = [.. Enum.GetNames(values).Select(name => (JsonNode)JsonValue.Create(JsonNamingPolicy.CamelCase.ConvertName(name))!)];
        if (parameter.Name != "limit") return;
        schema.Type = JsonSchemaType.Integer;
        schema.Minimum = "1";
        schema.Maximum = Page.MaxLimit.ToString(CultureInfo.InvariantCulture);
        schema.Default = JsonValue.Create(Page.DefaultLimit);
    }
}
