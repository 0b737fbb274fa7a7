using Microsoft.Extensions.Options;

namespace Automation.Server.Hosting;

/// <summary>Stops the start with all that is wrong with a section at once.</summary>
internal sealed class OptionsCheck<TOptions>(Func<TOptions, IEnumerable<string>> problems) : IValidateOptions<TOptions>
    where TOptions : class
{
    public ValidateOptionsResult Validate(string? name, TOptions options) =>
        problems(options).ToList() is { Count: > 0 } found ? ValidateOptionsResult.Fail(found) : ValidateOptionsResult.Success;
}
