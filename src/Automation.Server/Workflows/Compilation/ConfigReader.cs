using System.Text.Json;
using Automation.Server.Workflows.Configs;

namespace Automation.Server.Workflows.Compilation;

/// <summary>Checks the config of one step or trigger, and then has its type look at it: all that is wrong is reported at once.</summary>
/// <param name="pointer">Of the step or trigger in its file.</param>
/// <param name="unitId">Of the unit with the config's expressions.</param>
/// <param name="shape">Of the config.</param>
/// <param name="otherNames">Properties that are not the config's, but may stand beside it.</param>
internal sealed class ConfigReader(string pointer, string unitId, ConfigShape shape, string[] otherNames, Compilation compilation)
{
    private readonly ProblemList problems = compilation.Problems;

    /// <param name="written">The step or trigger.</param>
    /// <param name="expressionsAllowed">False for triggers.</param>
    /// <param name="ownCheck">What the type looks at by itself, given the element as written, whatever is wrong with it.</param>
    /// <returns>Null when there were problems before the type looked.</returns>
    public CompiledConfig? Read(JsonElement written, bool expressionsAllowed, Action ownCheck)
    {
        var text = new ConfigText(pointer, expressionsAllowed, Report, (at, name) => compilation.Secret(pointer + at, name));
        var before = problems.Count;
        new ConfigWalk(Report, text).CheckObject(written, shape, otherNames);
        if (text.Expressions(unitId) is { } expressions) compilation.Expressions.Add(expressions);
        var config = problems.Count == before ? Finish(text) : null;
        try
        {
            ownCheck();
        }
        catch (Exception) when (problems.Count > before)
        {
            // The type met what is reported already, as a text where it expects a list.
        }

        return config;
    }

    private CompiledConfig? Finish(ConfigText text)
    {
        try
        {
            var config = text.Finish(unitId, shape);
            ConfigValidation.Check(config.Constant, shape, "", Report);
            return config;
        }
        catch (JsonException mismatch)
        {
            // Where there are problems already, as a name that occurs twice, they are the reason.
            if (problems.IsEmpty) problems.Add(pointer, mismatch.InnerException?.Message ?? mismatch.Message);
            return null;
        }
    }

    private void Report(string at, string message)
    {
        if (message.StartsWith("Unknown property", StringComparison.Ordinal)) problems.AddAtName(pointer + at, message);
        else problems.Add(pointer + at, message);
    }
}
