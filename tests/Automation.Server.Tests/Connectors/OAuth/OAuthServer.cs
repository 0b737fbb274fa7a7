using System.Net;
using System.Text.Json.Nodes;
using Automation.Server.Connectors;
using Automation.Server.Secrets;
using Automation.Server.Tests.Runs;

namespace Automation.Server.Tests.Connectors.OAuth;

/// <summary>What the tests of OAuth share: a connector file for an <see cref="AuthorizationServer"/>, and a browser.</summary>
internal static class OAuthServer
{
    /// <summary>Writes the connector <paramref name="name"/>, sets its client's secrets and returns its server.</summary>
    public static AuthorizationServer Add(WorkflowServer server, string name, string grant = "authorization_code", string client = "basic", bool withSecrets = true)
    {
        Directory.CreateDirectory(Path.Combine(server.Folder, "workflows", "connectors"));
        var authorize = grant == "authorization_code" ? "\"authorizeUrl\": \"RECEIVER/NAME/consent\", \"authorizeParameters\": { \"access_type\": \"offline\" }," : "";
        server.Write(($"connectors/{name}.json", """
            {
              "title": "Service", "baseUrl": "RECEIVER/NAME/api",
              "credentials": { "clientId": { "help": "Id." }, "clientSecret": { "help": "Secret." }, "accessToken": { "help": "Token." } },
              "auth": { "type": "oauth2", "grant": "GRANT", "token": "${connection.accessToken}", "tokenUrl": "RECEIVER/NAME/token", AUTHORIZE "client": "CLIENT", "scopes": ["read", "write"] },
              "operations": {
                "ask": { "title": "Ask", "mode": "inline", "request": { "url": "/thing" }, "error": { "message": "${input.body?.message}" } },
                "tell": { "title": "Tell", "mode": "durable", "request": { "url": "/thing" } }
              }
            }
            """.Replace("AUTHORIZE", authorize, StringComparison.Ordinal).Replace("GRANT", grant, StringComparison.Ordinal).Replace("CLIENT", client, StringComparison.Ordinal).Replace("NAME", name, StringComparison.Ordinal)));
        if (withSecrets) SetClient(server, name);
        return new AuthorizationServer(server.Receiver, name);
    }

    public static void SetClient(WorkflowServer server, string connection)
    {
        server.SetSecret(Connection.SecretOf(connection, "clientId"), AuthorizationServer.Id);
        server.SetSecret(Connection.SecretOf(connection, "clientSecret"), AuthorizationServer.Key);
    }

    public static Task<string> AddWorkflowAsync(WorkflowServer server, string name, string operation = "ask") => server.AddAsync($$"""{ "steps": { "it": { "type": "{{name}}.{{operation}}" } } }""");

    /// <summary>Connects as a person does, and returns the page at the end.</summary>
    public static async Task<string> ConnectAsync(WorkflowServer server, AuthorizationServer service, string name)
    {
        using var browser = Browser(server);
        var begun = await BeginAsync(server, name);
        var (status, page) = await GetAsync(browser, service.Agree(await ToConsentAsync(browser, begun)));
        Assert.True(status == HttpStatusCode.OK, page);
        return page;
    }

    /// <summary>The address to open in a browser.</summary>
    public static async Task<string> BeginAsync(WorkflowServer server, string name) => (await server.PostAsync($"/api/connections/{name}/{name}/connect", "{}", 200))["url"]!.GetValue<string>();

    /// <summary>Where opening the address leads.</summary>
    public static async Task<string> ToConsentAsync(HttpClient browser, string url)
    {
        using var answer = await browser.GetAsync(new Uri(url));
        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        return answer.Headers.Location!.OriginalString;
    }

    public static async Task<(HttpStatusCode Status, string Page)> GetAsync(HttpClient browser, string url)
    {
        using var answer = await browser.GetAsync(new Uri(url));
        return (answer.StatusCode, WebUtility.HtmlDecode(await answer.Content.ReadAsStringAsync()));
    }

    /// <summary>With cookies of its own.</summary>
    public static HttpClient Browser(WorkflowServer server) => new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = true, CookieContainer = new CookieContainer() }) { BaseAddress = server.Http.BaseAddress };

    public static async Task<JsonNode> StateAsync(WorkflowServer server, string name) =>
        Assert.Single((await server.GetAsync("/api/connections"))["items"]!.AsArray(), c => c!["connection"]!.GetValue<string>() == name)!;

    public static string? Secret(WorkflowServer server, string name) => server.Get<SecretStore>().Find(name)?.Value;
}
