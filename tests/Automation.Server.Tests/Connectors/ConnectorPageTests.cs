using System.Runtime.CompilerServices;
using System.Text;
using Automation.Server.Connectors;

namespace Automation.Server.Tests.Connectors;

/// <summary>What is made of the connector files and committed: a page of each in docs/connectors, and the schema. UPDATE_GENERATED=1 writes them anew.</summary>
public sealed class ConnectorPageTests
{
    [Fact]
    public async Task Schema_IsTheCommittedOne() => await CompareAsync(Path.Combine("src", "Automation.Server", "Connectors", "connector.schema.json"), Encoding.UTF8.GetString(ConnectorSchema.ToFile()));

    [Fact]
    public async Task Pages_AreThoseOfTheFiles()
    {
        var index = new StringBuilder("# Connectors that come with the server\n\nMade of their files by a test; [connectors.md](../connectors.md) says how to use them and how to write one.\n\n| | | step types |\n|---|---|---|\n");
        foreach (var name in BuiltInConnectors.Names)
        {
            var connector = Connector.Read(name, BuiltInConnectors.TextOf(name)!, [])!;
            index.Append($"| [{connector.File.Title}]({name}.md) | {connector.File.Description} | {string.Join(", ", connector.File.Operations.Keys.Select(o => $"`{name}.{o}`"))} |\n");
            await CompareAsync(Path.Combine("docs", "connectors", name + ".md"), Page(connector));
        }

        index.Append("\nNot HTTP, and so no connector files: [PostgreSQL and SQLite](../queries.md), `postgres.query` and `sqlite.query`; [mail by SMTP](../email.md), `email.send`.\n");
        await CompareAsync(Path.Combine("docs", "connectors", "README.md"), index.ToString());
    }

    private static string Page(Connector connector)
    {
        var file = connector.File;
        var page = new StringBuilder($"# {file.Title}\n\n{file.Description}\n");
        if (file.Credentials is { Count: > 0 } credentials)
        {
            page.Append($"\nSecrets of the connection `{connector.Name}`; another connection has its own name in place of `{Connection.SecretOf(connector.Name, "x")[..^2]}`.\n\n| | |\n|---|---|\n");
            foreach (var (credential, about) in credentials) page.Append($"| `{Connection.SecretOf(connector.Name, credential)}` | {Cell(about.Help)}{(about.Default is { } value ? $" Left out: `{value}`." : "")} |\n");
        }

        if (file.Auth is { Type: AuthKind.OAuth2 } auth)
        {
            var how = auth.Grant is OAuthGrant.AuthorizationCode ? $"Somebody connects it once: `POST /api/connections/{connector.Name}/{connector.Name}/connect`. Its token is renewed from then on." : "The server fetches its token, and a new one before it ends.";
            page.Append($"\nThe connection is by [OAuth 2](../connectors.md#oauth-2). {how} A token that is set by hand is used as it is.\n");
        }

        foreach (var (name, operation) in file.Operations)
        {
            var kind = operation.Mode switch
            {
                OperationMode.Durable => "Durable: saved with the run and sent with retries, as `webhook.send` does.",
                OperationMode.Publish => $"MQTT: published to `{operation.Message!.Topic.Replace("${input.", "${", StringComparison.Ordinal)}` on the server's own broker, or by the connection of [Mqtt:Connections](../mqtt-connections.md) that `connection` names.",
                _ => "Inline: the run goes on with the answer, as with `http.request`.",
            };
            page.Append($"\n## `{connector.Name}.{name}`: {operation.Title}\n\n{(operation.Description is { } text ? text + "\n" : "")}{kind} Sends what [the service documents]({operation.Docs}).\n");
            var fields = (file.Fields ?? new Dictionary<string, ConnectorField>()).Concat(operation.Fields ?? new Dictionary<string, ConnectorField>()).ToList();
            if (fields.Count == 0) continue;
            page.Append("\n| field | | |\n|---|---|---|\n");
            foreach (var (field, about) in fields)
            {
                var rules = new List<string> { about.Choices is { } choices ? string.Join(", ", choices.Select(c => $"`{c}`")) : about.Type.ToString().ToLowerInvariant() };
                if (about.Required) rules.Add("required");
                if (about.Literal) rules.Add("no expressions");
                if (about.Default is { } value) rules.Add($"default `{Encoding.UTF8.GetString(value.Utf8.Span)}`");
                page.Append($"| `{field}` | {Cell(string.Join("; ", rules))} | {Cell(about.Help)} |\n");
            }
        }

        return page.ToString();
    }

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);

    private static async Task CompareAsync(string path, string text)
    {
        var file = Path.Combine(Root(), path);
        if (Environment.GetEnvironmentVariable("UPDATE_GENERATED") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            await File.WriteAllTextAsync(file, text);
        }

        Assert.True(File.Exists(file) && text == await File.ReadAllTextAsync(file), $"{path} is not what the connector files say. Set UPDATE_GENERATED=1 and run this test to write it anew.");
    }

    private static string Root([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", ".."));
}
