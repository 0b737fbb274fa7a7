using Automation.Server.Connectors;
using Automation.Server.Workflows;

namespace Automation.Server.Tests.Connectors;

/// <summary>What connector files may not say.</summary>
public sealed class ConnectorFileTests
{
    [Fact]
    public void Read_NamesTheFileAndThePlace_WhereTheTextIsCut()
    {
        var text = BuiltInConnectors.TextOf("slack")!.TrimEnd();
        for (var length = 0; length < text.Length; length += 7)
        {
            var problem = Assert.Single(Problems(text[..length]));
            Assert.Equal(("connectors/it.json", ""), (problem.File, problem.Pointer));
            Assert.NotNull(problem.Line);
        }
    }

    [Theory]
    [InlineData("", "The file is empty; write a connector into it.")]
    [InlineData("{ \"title\": \"broken", "not valid JSON")]
    [InlineData("{ \"title\": \"x\", }", "not valid JSON")]
    [InlineData("{ \"title\": \"\\ud83d\" }", "half of a character")]
    [InlineData("{ \"title\": \"x\", \"title\": \"y\" }", "occurs twice")]
    [InlineData("[]", "Expected a connector as an object")]
    public void Read_SaysWhatIsWrongWithTheText(string text, string message) =>
        Assert.Contains(Problems(text), p => p.Message.Contains(message, StringComparison.Ordinal));

    [Theory]
    [InlineData("\"auth\": { \"type\": \"bearer\", \"token\": \"${ secret.OTHER }\" }, ", "", "/auth/token")]
    [InlineData("\"baseUrl\": \"https://x.example/${secret.OTHER}\", ", "", "/baseUrl")]
    [InlineData("", ", \"headers\": { \"X-Key\": \"${secret.OTHER}\" }", "/operations/go/request/headers/X-Key")]
    [InlineData("", ", \"body\": [{ \"a\": \"Key ${secret.OTHER}\" }]", "/operations/go/request/body/0/a")]
    public void Read_RefusesSecretsThatAreNoConnections(string connector, string request, string at)
    {
        var problem = Assert.Single(Problems(Shop(connector, request)));

        Assert.Equal(at, problem.Pointer);
        Assert.Contains("add it to \"credentials\"", problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("(a)\\\\1", "ahead or back")]
    [InlineData("a(?=b)", "ahead or back")]
    [InlineData("a(", "no regular expression")]
    public void Read_RefusesPatternsThatCouldTakeAnyTime(string pattern, string message) =>
        Assert.Contains(message, Assert.Single(Problems(Shop($"\"fields\": {{ \"a\": {{ \"help\": \"A.\", \"pattern\": \"{pattern}\" }} }}, ", ""))).Message, StringComparison.Ordinal);

    [Fact]
    public void Pattern_TakesTimeThatGrowsWithTheText() => Assert.False(new PatternAttribute("^(a+)+$").IsValid(new string('a', 50_000) + "b"));

    [Fact]
    public void Read_RefusesMaxResponseOfDurableOperations() =>
        Assert.Equal("/operations/go/request/maxResponse", Assert.Single(Problems(Shop("", ", \"maxResponse\": \"2MB\"").Replace("inline", "durable", StringComparison.Ordinal))).Pointer);

    private static string Shop(string connector, string request) =>
        $$"""{ "title": "Shop", {{connector}}"operations": { "go": { "title": "Go", "mode": "inline", "request": { "url": "https://x.example/"{{request}} } } } }""";

    private static List<Problem> Problems(string text)
    {
        var problems = new List<Problem>();
        Assert.Null(Connector.Read("it", text, problems));
        return problems;
    }
}
