using System.Buffers;
using Automation.Server.Sandbox;

namespace Automation.Server.Tests.Sandbox;

/// <summary>Errors name the author's script, line and column, and nothing of the sandbox.</summary>
public sealed class ScriptErrorTests(SharedPool shared) : IClassFixture<SharedPool>
{
    private readonly SandboxPool pool = shared.Pool;

    [Theory]
    [InlineData("throw new Error('x')", 1, 7)]
    [InlineData("const a = 1;\n  event.b.c;", 2, 11)]
    [InlineData("const a: { b: string } = { b: 'é' } as any; (event as any).b.c;", 1, 62)]
    [InlineData("await 1;\n\n null.x;", 3, 7)]
    [InlineData("function inner(a: number): void {\n    throw new RangeError('deep');\n}\ninner(1);", 2, 11)]
    public async Task Function_ThatThrows_TellsLineAndColumn(string code, int line, int column)
    {
        var error = await pool.ErrorOf(SandboxPools.Function(code), "{}");
        Assert.Equal(("inline", line, column), (error.Script, error.Line, error.Column));
    }

    [Theory]
    [InlineData("export default () => { throw new Error('x') }", 1, 30)]
    [InlineData("type A = { a: number };\nexport default async function ({ event }: any) {\n  await 0;\n  return event.a.b;\n}", 4, 18)]
    [InlineData("const top = null;\ntop.x;\nexport default () => 1;", 2, 5)]
    public async Task Module_ThatThrows_TellsLineAndColumn(string source, int line, int column)
    {
        var error = await pool.ErrorOf(SandboxPools.Module(source), "{}");
        Assert.Equal(("script.ts", line, column), (error.Script, error.Line, error.Column));
    }

    [Fact]
    public async Task Expression_ThatThrows_TellsItsPointer()
    {
        var error = await pool.ErrorOf(SandboxPools.Expressions("1", "event.a\n .b"), "{}");
        Assert.Equal(("/steps/a/1", 2, 3), (error.Pointer, error.Line, error.Column));
        Assert.Equal("Cannot read properties of undefined (reading 'b')", error.Message);
    }

    [Fact]
    public async Task Expression_ThatIsAPromise_IsAnError() =>
        Assert.Equal("An expression cannot wait for a promise; use a script step.", (await pool.ErrorOf(SandboxPools.Expressions("Promise.resolve(1)"))).Message);

    [Fact]
    public async Task Stack_NamesOnlyTheAuthorsScripts()
    {
        var error = await pool.ErrorOf(SandboxPools.Module("function inner(a) { return a.b; }\nexport default async () => { await 1; [1].forEach(() => inner()); }"));
        Assert.Equal(
            "TypeError: Cannot read properties of undefined (reading 'b')\n    at inner (script.ts:1:30)\n    at script.ts:2:57\n    at default (script.ts:2:43)",
            error.Stack);
    }

    [Theory]
    [InlineData("Error.prepareStackTrace = (e, sites) => sites.map(s => [typeof s.getThis(), typeof s.getFunction(), s.getFileName()]).join(); throw new Error('x');")]
    [InlineData("const e = new Error('x'); Object.defineProperty(e, 'stack', { get() { throw 1; } }); throw e;")]
    [InlineData("const e = new Error('x'); e.stack = 7; throw e;")]
    [InlineData("Error.stackTraceLimit = 0; throw new Error('x');")]
    [InlineData("Array.prototype.push = String.prototype.slice = JSON.stringify = Promise.prototype.then = () => { throw 1; }; throw new Error('x');")]
    [InlineData("Object.defineProperty(Array.prototype, 0, { set() { throw 1; } }); throw new Error('x');")]
    public async Task Error_WhoseReportingIsTamperedWith_StillHasItsMessage(string code)
    {
        var error = await pool.ErrorOf(SandboxPools.Function(code));
        Assert.Equal("x", error.Message);
        Assert.DoesNotContain("realm", error.Stack ?? "", StringComparison.Ordinal);
        Assert.DoesNotContain("main.ts", error.Stack ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_ReportsTheErrorsOfAllUnits()
    {
        var program = SandboxPools.Program(
            new FunctionUnit("good", "good", "return await 1 as number;"),
            new FunctionUnit("bad", "bad", "const a = 1;\nconst b = ;"),
            new FunctionUnit("escaping", "escaping", "}); (function () {"),
            new FunctionUnit("enum", "enum", "enum A { x }"),
            new ModuleUnit("typed", "typed.ts", "export default () => {\n  const a: number = ;\n};"),
            new ModuleUnit("import", "import.js", "\nimport x from './y.js';\nexport default x;"),
            new ModuleUnit("export", "export.js", "export const a = 1;"),
            new ModuleUnit("loop", "loop.js", "for (;;) {}\nexport default 1;"),
            new ExpressionUnit("expressions", [new("/a", "1 +"), new("/b", "event.x"), new("/c", "1); (2"), new("/d", "let x = 1")]));
        var errors = await pool.CheckAsync(program, default);
        Assert.Equal(
            [
                ("bad", "bad", null, 2, 11), ("escaping", "escaping", null, 1, 1), ("enum", "enum", null, 1, 1), ("typed", "typed.ts", null, 2, 21), ("import", "import.js", null, 2, 1),
                ("export", "export.js", null, 1, 1), ("expressions", null, "/a", 1, 4), ("expressions", null, "/c", 1, 2), ("expressions", null, "/d", 1, 5),
            ],
            errors.Select(e => (e.Unit!, e.Script, e.Pointer, e.Line!.Value, e.Column!.Value)));
        Assert.Equal("The script imports \"./y.js\", but scripts cannot import; everything it needs has to be in its own file.", errors[4].Message);
        Assert.All(errors, error => Assert.Equal(SandboxErrorKind.Script, error.Kind));
    }

    [Theory]
    [InlineData("throw new Error('a\\ud83d');", "a\ufffd")]
    [InlineData("throw 'a\\ud83d';", "a\ufffd")]
    [InlineData("const e = new Error('x'); e.name = '\\ud800'; e.stack = '\\ud800'; throw e;", "x")]
    [InlineData("throw new Error('x'.repeat(3999) + '😀');", null)]
    [InlineData("console.log('\\ud83d', ['\\ud83d'], { '\\ude00': 1 }); console.log('x'.repeat(15000) + '😀'.repeat(1000)); throw new Error('x');", "x")]
    public async Task Text_ThatHoldsHalfACharacter_EndsNoProcess(string code, string? message)
    {
        var error = await pool.ErrorOf(SandboxPools.Function(code));
        Assert.Equal(SandboxErrorKind.Script, error.Kind);
        Assert.Equal(message ?? new string('x', 3999) + "\ufffd…", error.Message);
    }

    [Fact]
    public void Answer_WithHalfACharacter_IsRead()
    {
        byte[] log = [.. @"[[""info"",""\ud83d""]]"u8], trouble = [.. @"{""message"":""\ud83d"",""stack"":""\ude00""}"u8];
        byte[] body = [(byte)log.Length, 0, 0, 0, .. log, .. trouble];
        var result = SandboxFrames.ReadResult(SandboxFrames.Failed, new ReadOnlySequence<byte>(body), new FunctionUnit("code", "inline", ""));
        Assert.Equal(("\ufffd", "\ufffd", "\ufffd"), (result.Error!.Message, result.Error.Stack, result.Log.Single().Text));
    }

    [Fact]
    public async Task Check_OfAModuleThatImportsHalfACharacter_SaysSo() =>
        Assert.Contains("\"\ufffd\"", Assert.Single(await pool.CheckAsync(SandboxPools.Module("import x from '\\ud83d';"), default)).Message, StringComparison.Ordinal);

    [Fact]
    public async Task Check_OfAGoodProgram_IsEmpty() => Assert.Empty(await pool.CheckAsync(SandboxPools.Module("export default async () => 1;"), default));

    [Fact]
    public async Task Unit_ThatCannotBeCompiled_FailsItsCallsOnly()
    {
        var program = SandboxPools.Program(new FunctionUnit("code", "bad", "return ;;;) "), new FunctionUnit("good", "good", "return 1;"));
        Assert.Equal(("bad", 1), ((await pool.ErrorOf(program)).Script, (await pool.ErrorOf(program)).Line));
        Assert.Equal("1", (await pool.RunAsync(program, unit: "good")).Value.ToString());
    }
}
