using System.ComponentModel;
using Automation.Server.Access;
using Automation.Server.Connectors;
using Automation.Server.Connectors.OAuth;
using Automation.Server.Secrets;
using Automation.Server.Triggers.Webhooks;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Automation.Server.Api;

/// <summary>The accounts at services that workflows use: what is missing, connecting and forgetting.</summary>
internal static class ConnectionsApi
{
    private const string ConnectorName = "The connector's name, as salesforce.", ConnectionName = "The connection's name; that of the connector where steps name none.";

    public static void Map(RouteGroupBuilder api)
    {
        var connections = api.MapGroup("/connections").WithTags("Connections").Needs(Role.Admin);
        connections.MapGet("/", List).Needs(Role.Editor).WithName("listConnections").WithSummary("Connections that workflows use, whether they can be used, and what is missing");
        connections.MapPost("/{connector}/{connection}/connect", ConnectAsync).WithName("connectConnection").WithSummary("Begin to connect an account by OAuth 2")
            .WithDescription("Open `url` in a browser within ten minutes: it leads to the service's page of consent and back. The service has to know `redirectUri`. Begun with a browser's session, only that user may open it; begun with a token, whoever has it, once.")
            .ProducesProblem(404).ProducesProblem(409).ProducesProblem(503);
        connections.MapDelete("/{connector}/{connection}", ForgetAsync).WithName("forgetConnection").WithSummary("Delete a connection's tokens").WithDescription("The service is not told: end its consent there too.").ProducesProblem(404).ProducesProblem(503);
    }

    private static Ok<Page<ConnectionView>> List([FromServices] ConnectionStates states) => TypedResults.Ok(Page.Whole([.. states.All().Select(ConnectionView.Of)]));

    private static async Task<Results<Ok<ConnectView>, ProblemHttpResult>> ConnectAsync(
        [Description(ConnectorName)] string connector, [Description(ConnectionName)] string connection, HttpContext context, [FromServices] ConnectionUses uses, [FromServices] OAuthFlows flows, SecretStore secrets, StoredSecrets stored, [FromServices] PublicAddress address)
    {
        if (!Connection.IsName(connection) || uses.ClientOf(connector, connection) is not { } client)
            return ApiProblem.NotThere($"There is no connector \"{connector}\" that is connected by OAuth 2, or \"{connection}\" is no connection's name: small letters, digits and -.");
        if (client.Grant is not OAuthGrant.AuthorizationCode) return ApiProblem.Conflict($"{client.Title} needs nobody to connect: its tokens are fetched with {client.ClientId} and {client.ClientSecret}.");
        if (client.Needed.FirstOrDefault(name => !secrets.Contains(name)) is { } missing) return ApiProblem.Conflict($"{client.Shown} needs the secret {missing} first. {secrets.HowToSet(missing)}");
        if (secrets.SourcesOf(client.AccessToken).File) return ApiProblem.Conflict($"{client.AccessToken} is a file of the secrets folder, which would count before the token that is fetched. Remove it first.");
        if (stored.KeyId is null) return ApiProblem.Conflict("This server has no key to seal secrets with, so it could not keep the tokens. GET /api/secrets says what to do.");
        var root = address.Root(context);
        var caller = Caller.Of(context)!;
        if (await flows.BeginAsync(client, caller.Actor, caller.Session is not null || caller.Kind is CallerKind.Proxy, root + OAuthPages.Callback) is not var (state, expires))
            return ApiProblem.Unavailable(context, "Too many accounts are being connected right now. Wait some minutes.");
        return TypedResults.Ok(new ConnectView($"{root}{OAuthPages.Start}?state={state}", root + OAuthPages.Callback, expires));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> ForgetAsync([Description(ConnectorName)] string connector, [Description(ConnectionName)] string connection, [FromServices] OAuthConnections connections)
    {
        var found = connections.Find(connection);
        if (found is null || found.Client.Connector != connector || !await connections.ForgetAsync(found.Client)) return ApiProblem.NotThere($"There is no connection \"{connection}\" of {connector} that has tokens.");
        return TypedResults.NoContent();
    }
}

/// <summary>An account at a service.</summary>
internal sealed record ConnectionView(
    string Connector,
    string Connection,
    ConnectionState State,
    [property: Description("What is wrong and what to do; null when all is well.")] string? Problem,
    [property: Description("Names of secrets that are missing.")] IReadOnlyList<string> MissingSecrets,
    [property: Description("Of OAuth 2: whether somebody connects it, or the server fetches tokens by itself. Null for others.")] OAuthGrant? Grant,
    [property: Description("End of the access token; it is renewed before. Null when the service does not say, and for others.")] DateTimeOffset? ExpiresAt,
    DateTimeOffset? ConnectedAt,
    string? ConnectedBy,
    [property: Description("Ids of the workflows that use it, of those with problems too.")] IReadOnlyList<string> UsedBy)
{
    public static ConnectionView Of(ConnectionStates.Entry entry) => new(
        entry.Connector,
        entry.Name,
        entry.State,
        entry.Problem,
        entry.Missing,
        entry.Use?.Client?.Grant ?? entry.Stored?.Client.Grant,
        entry.Stored?.Row.ExpiresAt,
        entry.Stored?.Row.ConnectedAt,
        entry.Stored?.Row.ConnectedBy,
        entry.Use?.Workflows ?? []);
}

/// <summary>Where to go to connect an account.</summary>
internal sealed record ConnectView(
    [property: Description("Open it in a browser. Works once.")] string Url,
    [property: Description("What the service has to know as the address it may lead back to.")] string RedirectUri,
    DateTimeOffset ExpiresAt);
