using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;
using Automation.Server.Access;
using Automation.Server.Tests.Runs;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Automation.Server.Tests.Access;

/// <summary>Every route, of the OpenAPI document and of the route table, with every role and without a credential.</summary>
public sealed partial class RoleTests
{
    /// <summary>Routes that ask for no credential of the API: pages of the sign-in, what outside senders call with signatures and tokens of their own, the way back from pages of consent, probes and the document.</summary>
    private static readonly string[] Open = ["/", "/sign-in", "/sign-out", "/set-up", "/health/live", "/health/ready", "/openapi/{documentName}.json", "/hooks/{**path}", "/callbacks/{token}/{outcome?}", "/oauth/start", "/oauth/callback", .. Portal];

    /// <summary>Asked for by a session of the endpoint in the path: <see cref="Endpoints.PortalTests.EveryRoute_ReachesOnlyItsOwnEndpoint"/> goes through them all.</summary>
    private static IEnumerable<string> Portal => ["/portal", .. new[] { "", "/deliveries/{id}", "/secret", "/deliveries/{id}/replay", "/replay", "/pause", "/resume", "/rotate", "/test", "/sign-out" }.Select(page => "/portal/{endpoint}" + page)];

    [Fact]
    public async Task EveryRoute_AsksForItsRole_AndAnUndeclaredOneIsAMistake()
    {
        await using var server = await WorkflowServer.StartAsync();
        var document = (await server.GetAsync("/openapi/v1.json"))["paths"]!.AsObject();
        var routes = server.Get<IEnumerable<EndpointDataSource>>().SelectMany(source => source.Endpoints).OfType<RouteEndpoint>().ToList();
        var (clients, wrong) = (new Dictionary<Role, HttpClient>(), new List<string>());
        foreach (var role in Enum.GetValues<Role>()) clients[role] = await ClientAsync(server, role);
        using var stranger = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = server.Http.BaseAddress };
        var seen = 0;

        foreach (var route in routes)
        {
            var pattern = "/" + route.RoutePattern.RawText!.Trim('/');
            if (!pattern.StartsWith("/api/", StringComparison.Ordinal))
            {
                if (!Open.Contains(pattern)) wrong.Add($"{pattern} is outside of /api and not among the open routes of this test.");
                continue;
            }

            if (route.Metadata.GetMetadata<RequiredRole>()?.Role is not { } required)
            {
                wrong.Add($"{pattern} declares no role: .Needs(Role.…).");
                continue;
            }

            foreach (var method in route.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? [])
            {
                seen++;
                var listed = document[Constraint().Replace(pattern, "{$1}")]?[method.ToLowerInvariant()];
                if (listed is null) wrong.Add($"{method} {pattern} is not in the OpenAPI document.");
                else if (!string.Equals(listed["x-required-role"]?.GetValue<string>(), required.ToString(), StringComparison.OrdinalIgnoreCase)) wrong.Add($"{method} {pattern}: the document says another role than the route.");
                if (HttpMethods.IsGet(method) == false && required == Role.Viewer && !pattern.StartsWith("/api/me/", StringComparison.Ordinal)) wrong.Add($"{method} {pattern} changes something and lets viewers do it.");
                if (await StatusAsync(stranger, method, pattern) is not 401 and var open) wrong.Add($"{method} {pattern} answers {open} without a credential.");
                foreach (var (role, client) in clients)
                {
                    var status = await StatusAsync(client, method, pattern);
                    if (role < required ? status != 403 : status is 401 or 403 or 500) wrong.Add($"{method} {pattern} answers {status} to {role}, and asks for {required}.");
                }
            }
        }

        foreach (var client in clients.Values) client.Dispose();
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.True(seen > 50);
        Assert.Equal(seen, document.Where(path => path.Key.StartsWith("/api/", StringComparison.Ordinal)).Sum(path => path.Value!.AsObject().Count));
    }

    private static async Task<HttpClient> ClientAsync(WorkflowServer server, Role role)
    {
        var made = await server.PostAsync("/api/tokens", $$"""{"name":"{{role}}","role":"{{role.ToString().ToLowerInvariant()}}"}""", 200);
        return new HttpClient
        {
            BaseAddress = server.Http.BaseAddress,
            DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", made["token"]!.GetValue<string>()) },
        };
    }

    private static async Task<int> StatusAsync(HttpClient client, string method, string pattern)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), Constraint().Replace(pattern, "nothing"));
        if (method is "POST" or "PUT") request.Content = new StringContent("""{"nothing":1}""", Encoding.UTF8, "application/json");
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return (int)response.StatusCode;
    }

    [GeneratedRegex(@"\{\*{0,2}([a-zA-Z]+)[^}]*\}")]
    private static partial Regex Constraint();
}
