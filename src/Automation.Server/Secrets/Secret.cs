namespace Automation.Server.Secrets;

/// <summary>A secret and its value. Never shown: <see cref="ToString"/> gives the name.</summary>
internal sealed class Secret(string name, string value)
{
    private SecretPattern[]? patterns, bytePatterns;

    public string Name { get; } = name;

    public string Value { get; } = value;

    /// <summary>Every form by which the value could be recognized in a text.</summary>
    public IReadOnlyList<SecretPattern> Patterns => patterns ??= [.. SecretForms.Of(Value).Select(form => new SecretPattern(form, isBytes: false))];

    /// <summary>The same for bytes, each as the character of its number.</summary>
    public IReadOnlyList<SecretPattern> BytePatterns => bytePatterns ??= [.. SecretForms.Of(Value).Select(form => new SecretPattern(form, isBytes: true))];

    public override string ToString() => Name;
}
