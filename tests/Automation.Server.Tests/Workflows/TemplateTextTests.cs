using Automation.Server.Workflows;
using Automation.Server.Workflows.Templates;

namespace Automation.Server.Tests.Workflows;

public sealed class TemplateTextTests
{
    [Theory]
    [InlineData("${input.a}", "input.a")]
    [InlineData("${ {a: {b: 1}} }", "{a: {b: 1}}")]
    [InlineData("${ '}' }", "'}'")]
    [InlineData("${ \"\\\"}\" }", "\"\\\"}\"")]
    [InlineData("${ `x${ {a:1}.a }}` }", "`x${ {a:1}.a }}`")]
    [InlineData("${ a /* } */ + b }", "a /* } */ + b")]
    [InlineData("${ a // }\n + b }", "a // }\n + b")]
    [InlineData("${ /[}/]\\/}/.test(a) }", "/[}/]\\/}/.test(a)")]
    [InlineData("${ a / b + '}' / c }", "a / b + '}' / c")]
    [InlineData("${ [1].map(x => { return x; }) }", "[1].map(x => { return x; })")]
    public void Expression_EndsAtItsOwnBrace(string text, string code)
    {
        var part = Assert.IsType<ExpressionPart>(Assert.Single(TemplateText.Parse(text).Parts));
        Assert.Equal(code, part.Code);
    }

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("$${x}", "${x}")]
    [InlineData("$$${x}", "$${x}")]
    [InlineData("a $ {b}", "a $ {b}")]
    public void Text_WithoutExpression_IsLiteral(string text, string literal) =>
        Assert.Equal(literal, Assert.IsType<LiteralPart>(Assert.Single(TemplateText.Parse(text).Parts)).Text);

    [Fact]
    public void Text_IsCutAtExpressionsAndSecrets()
    {
        var parts = TemplateText.Parse("a ${x} b ${ secret.TOKEN } c").Parts;
        Assert.Equal([new LiteralPart("a "), new ExpressionPart("x", ScopeUse.None), new LiteralPart(" b "), new SecretPart("TOKEN"), new LiteralPart(" c")], parts);
    }

    [Theory]
    [InlineData("${event.data}", "Event")]
    [InlineData("${input.event}", "Input")]
    [InlineData("${input?.steps}", "Input")]
    [InlineData("${[...steps.a.output, vars.x]}", "Steps, Vars")]
    [InlineData("${'run'}", "None")]
    [InlineData("${`${run.id}`}", "Run")]
    [InlineData("${\\u0065nv.A}", "All")]
    [InlineData("${eval('event')}", "All")]
    [InlineData("${globalThis['event']}", "All")]
    [InlineData("${(() => 1).constructor('return event')()}", "All")]
    [InlineData("${/x/.test(env.A) / input}", "Env, Input")]
    public void Scope_HoldsEveryNameThatMayBeMentioned(string text, string uses) =>
        Assert.Equal(Enum.Parse<ScopeUse>(uses), Assert.IsType<ExpressionPart>(Assert.Single(TemplateText.Parse(text).Parts)).Uses);

    [Theory]
    [InlineData("${", "no closing brace")]
    [InlineData("${ 'a }", "no closing brace")]
    [InlineData("${}", "holds no expression")]
    [InlineData("${ secret.A + 1 }", "on its own")]
    [InlineData("${ f(secret) }", "on its own")]
    [InlineData("${ secret['A'] }", "on its own")]
    public void Mistake_IsSaid(string text, string expected) => Assert.Contains(expected, Assert.Single(TemplateText.Parse(text).Problems), StringComparison.Ordinal);

    [Theory]
    [InlineData("${ {secret: 1} }")]
    [InlineData("${ input.secret }")]
    public void Secret_AsTheNameOfSomethingElse_IsAnExpression(string text) => Assert.Empty(TemplateText.Parse(text).Problems);

    [Fact]
    public void Nesting_BeyondReason_IsAProblem() => Assert.Single(TemplateText.Parse(string.Concat(Enumerable.Repeat("${`", 20_000))).Problems);
}
