using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Automation.Server.Triggers.Webhooks.Verification;
using Automation.Server.Values;

namespace Automation.Server.Cli;

/// <summary>The options by which commands name a verification scheme, its secrets and its settings.</summary>
internal sealed class SchemeOptions
{
    private const string SecretsNote = "Seen by others on this machine and kept by the shell: for real secrets prefer --secret-file.";

    public SchemeOptions(string name, string description)
    {
        Scheme = new Option<string>(name) { Description = $"{description}: {VerificationSchemes.BuiltIn.Names}.", Required = true, HelpName = "NAME" };
    }

    public Option<string> Scheme { get; }

    public Option<string[]> Secret { get; } = new("--secret") { Description = "The secret; repeat it while one is being replaced. " + SecretsNote, HelpName = "TEXT", AllowMultipleArgumentsPerToken = false };

    public Option<string[]> SecretFile { get; } = new("--secret-file") { Description = "A file with the secret; one line break at its end is not part of it.", HelpName = "FILE" };

    public Option<string[]> Setting { get; } = new("--option") { Description = "A property of a trigger's \"verify\", as --option version=v2 or --option header=X-Signature.", HelpName = "NAME=VALUE" };

    public void AddTo(Command command)
    {
        command.Add(Scheme);
        command.Add(Secret);
        command.Add(SecretFile);
        command.Add(Setting);
    }

    /// <exception cref="CommandException">Something of it is wrong.</exception>
    public (VerificationScheme Scheme, VerifyConfig Config, IReadOnlyList<NamedSecret> Secrets) Read(ParseResult parsed)
    {
        var name = parsed.GetRequiredValue(Scheme);
        if (!VerificationSchemes.BuiltIn.TryGet(name, out var scheme)) throw new CommandException($"\"{name}\" is not a verification scheme; use one of {VerificationSchemes.BuiltIn.Names}.");
        var secrets = new List<NamedSecret>();
        foreach (var value in parsed.GetValue(Secret) ?? []) secrets.Add(new NamedSecret($"{secrets.Count + 1}", value));
        foreach (var file in parsed.GetValue(SecretFile) ?? []) secrets.Add(new NamedSecret(file, WithoutLineBreak(CommandFiles.ReadText(file))));
        if (secrets.Exists(secret => secret.Value.Length == 0)) throw new CommandException("A secret is empty.");
        if (secrets.Count == 0 && scheme is { SecretsAre: { } what, SecretsAreOptional: false }) throw new CommandException($"Give {what} with --secret-file or --secret.");
        var config = Config(name, parsed.GetValue(Setting) ?? []);
        var problems = OptionCheck.Of(scheme, config with { Secrets = secrets.Count > 0 ? [.. secrets.Select(secret => secret.Name)] : null }).ToList();
        if (problems.Count > 0) throw new CommandException(string.Join(Environment.NewLine, problems.Select(problem => problem.Message)));
        return (scheme, config, secrets);
    }

    private static VerifyConfig Config(string scheme, string[] settings)
    {
        var json = new JsonObject { ["scheme"] = scheme };
        foreach (var setting in settings)
        {
            var equals = setting.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0) throw new CommandException($"\"{setting}\" is not NAME=VALUE.");
            var (name, value) = (setting[..equals], setting[(equals + 1)..]);
            if (!OptionCheck.Names.Contains(name)) throw new CommandException($"\"{name}\" is not an option of \"verify\"; there are {string.Join(", ", OptionCheck.Names)}.");
            json[name] = name switch
            {
                "toleranceSeconds" when int.TryParse(value, out var seconds) => seconds,
                "certificates" => new JsonArray([.. value.Split(',').Select(each => JsonValue.Create(each))]),
                _ => value,
            };
        }

        try
        {
            return json.Deserialize<VerifyConfig>(JsonFormat.Wire)!;
        }
        catch (JsonException error)
        {
            throw new CommandException($"An --option has a mistake: {error.Message}");
        }
    }

    private static string WithoutLineBreak(string text) => text.EndsWith("\r\n", StringComparison.Ordinal) ? text[..^2] : text.EndsWith('\n') ? text[..^1] : text;
}
