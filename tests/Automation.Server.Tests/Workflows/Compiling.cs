using System.Text;
using Automation.Server.Sandbox;
using Automation.Server.Values;
using Automation.Server.Workflows;
using Automation.Server.Workflows.Compilation;

namespace Automation.Server.Tests.Workflows;

/// <summary>Compiles workflow files from texts.</summary>
internal sealed class Compiling
{
    public HashSet<string> Secrets { get; } = ["TOKEN", "URL"];

    public Dictionary<string, string> Scripts { get; } = [];

    public List<SandboxProgram> Checked { get; } = [];

    public List<ScriptProblem> ScriptProblems { get; } = [];

    /// <summary>False: no script can be checked.</summary>
    public bool Sandbox { get; set; } = true;

    public WorkflowCompiler Compiler => new(TestCatalogs.Steps, TestCatalogs.Triggers, name => Secrets.Contains(name) ? null : "Set it.", (program, _) =>
    {
        Checked.Add(program);
        if (!Sandbox) throw new SandboxUnavailableException("Scripts cannot run.");
        return Task.FromResult<IReadOnlyList<ScriptProblem>>(ScriptProblems);
    });

    public Task<CompiledWorkflow> FileAsync(string json, string id = "shop/order") =>
        Compiler.CompileAsync(id, Encoding.UTF8.GetBytes(json), file => Scripts.TryGetValue(file, out var text) ? ScriptFile.Of(text) : ScriptFile.Failed($"There is no file \"{file}\" here.") with { IsMissing = true }, CancellationToken.None);

    public async Task<WorkflowVersion> VersionAsync(string json)
    {
        var compiled = await FileAsync(json);
        Assert.Empty(compiled.Problems);
        return compiled.Version!;
    }

    /// <summary>The config of a lone step of type <c>send</c>, given as its properties beside <c>type</c>.</summary>
    public async Task<ConfigTemplate> SendAsync(string properties) =>
        (await VersionAsync($$"""{ "steps": { "one": { "type": "send", {{properties}} } } }""")).Steps["one"].Config;

    public async Task<Problem> OnlyProblemAsync(string json) => Assert.Single((await FileAsync(json)).Problems);

    public Task<Problem> OnlySendProblemAsync(string properties) => OnlyProblemAsync($$"""{ "steps": { "one": { "type": "send", {{properties}} } } }""");

    public static SendTestStep.Config Fill(ConfigTemplate template, string values) => (SendTestStep.Config)template.Fill(Json.Parse(values));
}
