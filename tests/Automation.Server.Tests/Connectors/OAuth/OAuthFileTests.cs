using Automation.Server.Connectors;
using Automation.Server.Workflows;

namespace Automation.Server.Tests.Connectors.OAuth;

/// <summary>Mistakes of <c>auth</c> of the type <c>oauth2</c>, each by its place.</summary>
public sealed class OAuthFileTests
{
    private const string Good = """
        "type": "oauth2", "grant": "authorization_code", "token": "${connection.accessToken}", "tokenUrl": "https://x.example/token", "authorizeUrl": "https://x.example/auth"
        """;

    [Theory]
    [InlineData("https://x.example/token", "http://x.example/token", "/auth/tokenUrl", "begin with https://")]
    [InlineData("https://x.example/auth", "${connection.host}/auth", "/auth/authorizeUrl", "${connection.host} is none of the connector's credentials")]
    [InlineData("${connection.accessToken}", "Bearer ${connection.accessToken}", "/auth/token", "and nothing else")]
    [InlineData("${connection.accessToken}", "${connection.clientSecret}", "/auth/token", "a credential of its own")]
    [InlineData("authorization_code", "client_credentials", "/auth/authorizeUrl", "has no \"authorizeUrl\"")]
    [InlineData("authorization_code", "password", "/auth/grant", "client_credentials")]
    [InlineData("\"type\": \"oauth2\",", "\"type\": \"oauth2\", \"user\": \"x\",", "/auth/user", "has no \"user\"")]
    [InlineData("\"type\": \"oauth2\",", "\"type\": \"oauth2\", \"parameters\": { \"grant_type\": \"x\" },", "/auth", "the server's own")]
    [InlineData("\"type\": \"oauth2\",", "\"type\": \"oauth2\", \"name\": \"X-Token\",", "/auth", "go together")]
    [InlineData("\"type\": \"oauth2\",", "\"type\": \"oauth2\", \"name\": \"X-Token\", \"value\": \"none\",", "/auth/value", "has to carry the token")]
    [InlineData("\"type\": \"oauth2\",", "\"type\": \"bearer\",", "/auth/grant", "has no \"grant\"")]
    public void Mistake_IsNamedByItsPlace(string part, string other, string at, string message)
    {
        var problems = Read(Good.Replace(part, other, StringComparison.Ordinal));
        Assert.Contains(problems, problem => problem.Pointer == at && problem.Message.Contains(message, StringComparison.Ordinal));
    }

    [Fact]
    public void Good_IsGood() => Assert.Empty(Read(Good));

    [Fact]
    public void ClientIdAndSecret_HaveToBeCredentials() => Assert.Contains(Read(Good, "\"clientId\": { \"help\": \"Id.\" },"), problem => problem.Message.Contains("needs the credential \"clientId\"", StringComparison.Ordinal));

    private static List<Problem> Read(string auth, string without = "-")
    {
        var problems = new List<Problem>();
        Connector.Read("x", $$"""
            {
              "title": "X",
              "credentials": { "clientId": { "help": "Id." }, "clientSecret": { "help": "Secret." }, "accessToken": { "help": "Token." } },
              "auth": { {{auth}} },
              "operations": { "ask": { "title": "Ask", "mode": "inline", "request": { "url": "https://x.example/" } } }
            }
            """.Replace(without, "", StringComparison.Ordinal), problems);
        return problems;
    }
}
