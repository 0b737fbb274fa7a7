using System.ComponentModel.DataAnnotations;
using Automation.Server.Api;
using Automation.Server.Hosting;
using Microsoft.Extensions.Options;

namespace Automation.Server.Sandbox;

/// <summary>The pool of script processes.</summary>
internal static class SandboxFeature
{
    public static IServiceCollection AddSandbox(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton(_ =>
        {
            var options = new SandboxOptions { Folder = FolderOf(configuration) };
            configuration.GetSection("Sandbox").Bind(options, binder => binder.ErrorOnUnknownConfiguration = true);
            options.Folder = FolderOf(configuration);
            var mistakes = new List<ValidationResult>();
            return Validator.TryValidateObject(options, new ValidationContext(options), mistakes, validateAllProperties: true)
                ? options
                : throw new OptionsValidationException("Sandbox", typeof(SandboxOptions), mistakes.Select(m => m.ErrorMessage!));
        });
        services.AddSingleton<SandboxPool>();
        services.AddSingleton(provider =>
        {
            var options = provider.GetRequiredService<SandboxOptions>();
            return new HealthCheck("sandbox", () => SandboxLaunch.WhatIsMissing(options));
        });
        return services;
    }

    /// <summary>The configured folder, else <c>sandbox</c> beside the program, else the one of the source tree the program lies in.</summary>
    private static string FolderOf(IConfiguration configuration)
    {
        if (configuration[ServerOptions.Sandbox] is { Length: > 0 } configured) return Path.GetFullPath(configured);
        var beside = Path.Combine(AppContext.BaseDirectory, "sandbox");
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var source = Path.Combine(folder.FullName, "src", "Automation.Sandbox");
            if (!Directory.Exists(beside) && Directory.Exists(source)) return source;
        }

        return beside;
    }
}
