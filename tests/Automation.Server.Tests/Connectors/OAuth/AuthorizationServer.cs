using System.Security.Cryptography;
using System.Text;
using Automation.Server.Tests.Runs;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace Automation.Server.Tests.Connectors.OAuth;

/// <summary>A small OAuth 2 server below a path of the receiver, as strict as RFC 6749, 7636 and 9700 let it be, and a service that takes its tokens.</summary>
/// <remarks>Codes are for one use and refresh tokens rotate: who uses one twice is refused, as is who shows another redirect URI or verifier than he began with.</remarks>
internal sealed class AuthorizationServer
{
    public const string Id = "client-7+x", Key = "key of the client/&7";

    private readonly Lock gate = new();
    private readonly RunReceiver receiver;
    private readonly string path;
    private readonly Dictionary<string, (string Challenge, string Redirect)> codes = [];
    private readonly HashSet<string> access = [], refresh = [];
    private int last;

    public AuthorizationServer(RunReceiver receiver, string name)
    {
        (this.receiver, path) = (receiver, "/" + name);
        receiver.On(path + "/token", TokenAsync);
        Serve();
    }

    /// <summary>Seconds that its tokens are valid; null: it does not say.</summary>
    public int? Lifetime { get; set; } = 3600;

    public bool GivesRefreshTokens { get; set; } = true;

    /// <summary>Answers token requests in place of the server.</summary>
    public Func<HttpContext, Task>? Instead { get; set; }

    /// <summary>Completed: token requests are answered.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    /// <summary>Every token it gave, and every token it was sent.</summary>
    public List<string> Tokens { get; } = [];

    /// <summary>Requests for tokens so far, by their grant.</summary>
    public List<string> Grants { get; } = [];

    /// <summary>The service takes the tokens, also where a test let it answer something else before.</summary>
    public void Serve() => receiver.On(path + "/api/thing", ServiceAsync);

    /// <summary>Every access token is refused from now on.</summary>
    public void Revoke()
    {
        lock (gate) access.Clear();
    }

    public void RevokeRefreshTokens()
    {
        lock (gate) refresh.Clear();
    }

    /// <summary>What a person does who agrees: gives the address that the browser is led back to.</summary>
    public string Agree(string address)
    {
        var query = QueryHelpers.ParseQuery(new Uri(address).Query);
        Assert.Equal("code", query["response_type"]);
        Assert.Equal("S256", query["code_challenge_method"]);
        Assert.Equal(Id, query["client_id"]);
        lock (gate)
        {
            var code = $"code-{++last}";
            codes[code] = (query["code_challenge"]!, query["redirect_uri"]!);
            return $"{query["redirect_uri"]}?code={code}&state={query["state"]}";
        }
    }

    private async Task TokenAsync(Arrival arrival, HttpContext context)
    {
        lock (gate) Grants.Add(QueryHelpers.ParseQuery(arrival.Body)["grant_type"].ToString());
        await Gate;
        if (Instead is { } instead)
        {
            await instead(context);
            return;
        }

        var (status, body) = Answer(arrival);
        await RunReceiver.WriteAsync(context, status, body);
    }

    private (int Status, string Body) Answer(Arrival arrival)
    {
        var form = QueryHelpers.ParseQuery(arrival.Body);
        var basic = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Encoded(Id)}:{Encoded(Key)}"));
        if (arrival.Headers.GetValueOrDefault("Authorization") != basic && !(form["client_id"] == Id && form["client_secret"] == Key)) return (401, """{ "error": "invalid_client" }""");
        lock (gate)
        {
            switch (form["grant_type"].ToString())
            {
                case "authorization_code":
                    var known = codes.Remove(form["code"]!, out var flow);
                    var challenge = Convert.ToBase64String(SHA256.HashData(Encoding.ASCII.GetBytes(form["code_verifier"].ToString()))).TrimEnd('=').Replace('+', '-').Replace('/', '_');
                    if (!known || flow.Challenge != challenge || flow.Redirect != form["redirect_uri"]) return (400, """{ "error": "invalid_grant", "error_description": "No such code." }""");
                    return (200, Issue(GivesRefreshTokens));
                case "refresh_token":
                    if (!refresh.Remove(form["refresh_token"]!)) return (400, $$"""{ "error": "invalid_grant", "error_description": "{{form["refresh_token"]}} is expired." }""");
                    return (200, Issue(true));
                case "client_credentials":
                    return form["scope"] == "read write" ? (200, Issue(false)) : (400, """{ "error": "invalid_scope" }""");
                default:
                    return (400, """{ "error": "unsupported_grant_type" }""");
            }
        }
    }

    private string Issue(bool withRefreshToken)
    {
        var number = ++last;
        var (token, next) = ($"access-token-{number}", $"refresh-token-{number}");
        access.Clear(); // the former one is over, which not all services do
        access.Add(token);
        Tokens.Add(token);
        if (withRefreshToken)
        {
            refresh.Add(next);
            Tokens.Add(next);
        }

        return $$"""{ "access_token": "{{token}}", "token_type": "Bearer"{{(Lifetime is { } seconds ? $", \"expires_in\": {seconds}" : "")}}{{(withRefreshToken ? $", \"refresh_token\": \"{next}\"" : "")}} }""";
    }

    private Task ServiceAsync(Arrival arrival, HttpContext context)
    {
        bool valid;
        lock (gate) valid = access.Contains(arrival.Headers.GetValueOrDefault("Authorization")?["Bearer ".Length..] ?? "");
        return RunReceiver.WriteAsync(context, valid ? 200 : 401, valid ? """{ "ok": true }""" : $$"""{ "message": "{{arrival.Headers.GetValueOrDefault("Authorization")}} is not valid." }""");
    }

    private static string Encoded(string text) => Uri.EscapeDataString(text).Replace("%20", "+", StringComparison.Ordinal);
}
