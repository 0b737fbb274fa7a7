using System.Text.Json;
using Automation.Server.Steps;
using Automation.Server.Values;
using Automation.Server.Workflows;

namespace Automation.Server.Tests.Workflows;

public sealed class ConfigTemplateTests
{
    private readonly Compiling compiling = new();

    [Fact]
    public async Task Config_WithoutExpressions_IsConstant()
    {
        var template = await compiling.SendAsync("""
            "url": "https://x/", "attempts": 3, "wait": "5s", "limit": "1KB", "mode": "verySlow", "codes": [1, 2], "note": "$${a}"
            """);
        var config = Assert.IsType<SendTestStep.Config>(template.Constant);
        Assert.Null(template.Expressions);
        Assert.Equal((3, TimeSpan.FromSeconds(5), 1024L, SendTestStep.Mode.VerySlow, 2, "${a}"), (config.Attempts, config.Wait!.Value.Value, config.Limit!.Value.Bytes, config.Mode, config.Codes!.Count, config.Note));
    }

    [Fact]
    public async Task Expressions_CarryTheirPointersInTheFile()
    {
        var template = await compiling.SendAsync("""
            "url": "https://x/", "body": { "a/b": [1, "${input.x} ${event.y}"] }, "attempts": "${vars.n}"
            """);
        Assert.Equal("expressions/one", template.Expressions!.Id);
        Assert.Equal([("/steps/one/body/a~1b/1", "input.x"), ("/steps/one/body/a~1b/1", "event.y"), ("/steps/one/attempts", "vars.n")], template.Expressions.Expressions.Select(e => (e.Pointer, e.Code)));
        Assert.Equal(ScopeUse.Input | ScopeUse.Event | ScopeUse.Vars, template.Uses);
    }

    [Fact]
    public async Task WholeExpression_KeepsTheValuesType()
    {
        var template = await compiling.SendAsync("""
            "url": "https://x/", "attempts": "${1}", "codes": "${2}", "data": "${3}", "options": "${4}", "ratio": "${5}"
            """);
        var config = Compiling.Fill(template, """[7, [1,2,3], {"a":[null]}, {"depth":2}, 0.5]""");
        Assert.Equal((7, 3, """{"a":[null]}""", 2, 0.5), (config.Attempts, config.Codes!.Count, config.Data.ToString(), config.Options!.Depth, config.Ratio));
    }

    [Theory]
    [InlineData("\"x\"", "<x>")]
    [InlineData("null", "<>")]
    [InlineData("1.5e300", "<1.5e300>")]
    [InlineData("true", "<true>")]
    [InlineData("""{"a":["q\"\n"]}""", """<{"a":["q\"\n"]}>""")]
    [InlineData("\"a\\\"\\n\\u00e9\"", "<a\"\né>")]
    public async Task Value_InsideText_IsPutAsText(string value, string expected)
    {
        var template = await compiling.SendAsync("""
            "url": "https://x/", "note": "<${x}>"
            """);
        Assert.Equal(expected, Compiling.Fill(template, $"[{value}]").Note);
    }

    [Theory]
    [InlineData("5", "5")]
    [InlineData("false", "false")]
    [InlineData("\"5\"", "5")]
    [InlineData("null", null)]
    public async Task NumberOrBoolean_ForATextProperty_BecomesItsText(string value, string? expected)
    {
        var template = await compiling.SendAsync("""
            "url": "https://x/", "note": "${x}"
            """);
        Assert.Equal(expected, Compiling.Fill(template, $"[{value}]").Note);
    }

    [Fact]
    public async Task Secret_StaysByName_AndIsMaskedInHistory()
    {
        var template = await compiling.SendAsync("""
            "url": "${ secret.URL }/${input.id}", "headers": { "Authorization": "Bearer ${secret.TOKEN}" }, "body": { "t": "${secret.TOKEN}" }
            """);
        var config = Compiling.Fill(template, "[5]");
        Assert.Equal(("${secret.URL}/5", "Bearer ${secret.TOKEN}", """{"t":"${secret.TOKEN}"}"""), (config.Url.Escaped, config.Headers!["Authorization"].Escaped, config.Body!.Value.Escaped.ToString()));
        Assert.Equal("""{"url":"•••/5","headers":{"Authorization":"Bearer •••"},"body":{"t":"•••"}}""", template.Resolve(Json.Parse("[5]")).ToString());
    }

    [Fact]
    public async Task Data_InSecretText_CannotNameASecret()
    {
        var template = await compiling.SendAsync("""
            "url": "https://x/${a}", "headers": { "A": "${b}" }
            """);
        var config = Compiling.Fill(template, """["${secret.URL}", "${secret.TOKEN}"]""");
        Assert.Equal(("https://x/$${secret.URL}", "$${secret.TOKEN}"), (config.Url.Escaped, config.Headers!["A"].Escaped));
    }

    [Theory]
    [InlineData("""{"k":["${secret.URL}"]}""", """{"k":["$${secret.URL}"]}""")]
    [InlineData("""{"${secret.URL}":1}""", """{"$${secret.URL}":1}""")]
    [InlineData("""{"k":"\u0024{secret.URL}"}""", """{"k":"$${secret.URL}"}""")]
    [InlineData("""{"k":"$\u007bsecret.URL}"}""", """{"k":"$${secret.URL}"}""")]
    public async Task Data_InSecretJson_CannotNameASecret(string value, string expected)
    {
        var template = await compiling.SendAsync("""
            "url": "https://x/", "body": "${b}"
            """);
        Assert.Equal(expected, Compiling.Fill(template, $"[{value}]").Body!.Value.Escaped.ToString());
    }

    [Theory]
    [InlineData("""["$", "{secret.URL}"]""", "$${secret.URL}")]
    [InlineData("""["\u0024", "{secret.URL}"]""", "$${secret.URL}")]
    [InlineData("""["$$", "{secret.URL}"]""", "$$${secret.URL}")]
    public async Task Data_CutInTwoValues_CannotNameASecret(string values, string expected)
    {
        var template = await compiling.SendAsync("""
            "url": "https://x/", "headers": { "A": "${a}${b}" }
            """);
        Assert.Equal(expected, Compiling.Fill(template, values).Headers!["A"].Escaped);
    }

    [Fact]
    public async Task Data_BeforeALiteralBrace_CannotNameASecret()
    {
        var template = await compiling.SendAsync("""
            "url": "https://x/", "headers": { "A": "${a}{secret.URL}" }
            """);
        Assert.Equal("$${secret.URL}", Compiling.Fill(template, "[\"$\"]").Headers!["A"].Escaped);
    }

    [Fact]
    public async Task Data_ThatWouldSwallowASecret_FailsTheStep()
    {
        var template = await compiling.SendAsync("""
            "url": "https://x/", "headers": { "A": "${a}${secret.URL}" }
            """);
        Assert.Equal("config_invalid", Assert.Throws<StepException>(() => Compiling.Fill(template, "[\"$\"]")).Error.Code);
    }

    [Fact]
    public async Task WholeHeaders_FromData_AreEscapedInside()
    {
        var template = await compiling.SendAsync("""
            "url": "https://x/", "headers": "${input.headers}"
            """);
        Assert.Equal("$${secret.URL}", Compiling.Fill(template, """[{"A":"${secret.URL}"}]""").Headers!["A"].Escaped);
    }

    [Fact]
    public async Task AuthorsEscape_StaysEscaped_InSecretText_AndIsResolvedElsewhere()
    {
        var template = await compiling.SendAsync("""
            "url": "https://x/$${y}", "note": "$${y}", "attempts": "${1}"
            """);
        var config = Compiling.Fill(template, "[1]");
        Assert.Equal(("https://x/$${y}", "${y}"), (config.Url.Escaped, config.Note));
    }

    [Theory]
    [InlineData("\"attempts\": \"${x}\"", "\"many\"", "attempts: Expected a whole number, not the text \"many\".")]
    [InlineData("\"attempts\": \"${x}\"", "99", "attempts: attempts must be from 1 to 50, not 99.")]
    [InlineData("\"attempts\": \"${x}\"", "\"5\"", "attempts: Expected a whole number, not the text \"5\".")]
    [InlineData("\"mode\": \"${x}\"", "\"slow\"", "attempts")]
    [InlineData("\"options\": \"${x}\"", "{\"depth\":1,\"strikt\":true}", "options/strikt: Unknown property")]
    [InlineData("\"wait\": \"${x}\"", "\"-5s\"", "wait: Expected a duration")]
    [InlineData("\"wait\": \"${x}\"", "\"5m\"", "wait: wait must be from 1s to 1m")]
    [InlineData("\"options\": { \"depth\": \"${x}\" }", "9", "options/depth: depth must be from 0 to 5, not 9.")]
    [InlineData("\"codes\": [1, \"${x}\"]", "null", "codes/1: Expected a whole number, not null.")]
    public async Task ValueThatDoesNotFit_NamesThePropertyAndWhatWasExpected(string property, string value, string expected)
    {
        var template = await compiling.SendAsync("\"url\": \"https://x/\", " + property);
        var error = Assert.Throws<StepException>(() => Compiling.Fill(template, $"[{value}]")).Error;
        Assert.Equal("config_invalid", error.Code);
        if (expected != "attempts") Assert.StartsWith(expected, error.Message, StringComparison.Ordinal);
        else Assert.StartsWith("mode: Expected one of \"fast\", \"verySlow\"", error.Message, StringComparison.Ordinal);
        Assert.StartsWith("/steps/one/", error.Pointer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task HalfACharacter_InFreeData_PassesAsItIs()
    {
        var template = await compiling.SendAsync("""
            "url": "https://x/", "body": { "a": "${x}", "b": "<${x}> ${y}" }
            """);
        var body = Compiling.Fill(template, """["\ud83d", "\ud83d", { "q" : "a b\ud83d" }]""").Body!.Value.Escaped.ToString();
        Assert.Equal("""{"a":"\ud83d","b":"<\ud83d> {\"q\":\"a b\\ud83d\"}"}""", body);
    }

    [Fact]
    public async Task HalfACharacter_InATextProperty_FailsTheStep_NamingIt()
    {
        var template = await compiling.SendAsync("""
            "url": "https://x/", "note": "<${x}>"
            """);
        var error = Assert.Throws<StepException>(() => Compiling.Fill(template, """["\ud83d"]""")).Error;
        Assert.Equal(("config_invalid", "/steps/one/note"), (error.Code, error.Pointer));
        Assert.StartsWith("note: The text holds half of a character", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"k":"\\u0024{x}"}""", """{"k":"\\u0024{x}"}""")]
    [InlineData("""{"k":"a\u0041$\u007B"}""", """{"k":"a\u0041$${"}""")]
    public async Task Escapes_InData_AreReadAsJsonReadsThem(string value, string expected)
    {
        var template = await compiling.SendAsync("""
            "url": "https://x/", "body": "${b}"
            """);
        Assert.Equal(expected, Compiling.Fill(template, $"[{value}]").Body!.Value.Escaped.ToString());
    }

    [Fact]
    public async Task Fill_ByManyThreads_MixesNothingUp()
    {
        var template = await compiling.SendAsync("""
            "url": "https://x/", "note": "n${x}"
            """);
        Parallel.For(0, 2000, i => Assert.Equal($"n{i}", Compiling.Fill(template, $"[{i}]").Note));
    }

    [Fact]
    public async Task Resolve_OfAConstant_IsTheConfigAsWritten()
    {
        var template = await compiling.SendAsync("""
            "url": "${secret.URL}", "note": "$${a}"
            """);
        using var document = JsonDocument.Parse(template.Resolve(Json.Null).Utf8);
        Assert.Equal(("•••", "${a}"), (document.RootElement.GetProperty("url").GetString(), document.RootElement.GetProperty("note").GetString()));
    }
}
