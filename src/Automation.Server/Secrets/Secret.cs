namespace Automation.Server.Secrets;

/// <summary>A secret and its value. Never shown: <see cref="ToString"/> gives the name.</summary>
internal sealed class Secret(string name, string value)
{
    private string[]? forms;

    public string Name { get; } = name;

    public string Value { get; } = value;

    /// <summary>Every text by which the value could be recognized, longest first: what <see cref="SecretRedactor"/> looks for.</summary>
    public IReadOnlyList<string> Forms => forms ??= SecretForms.Of(Value);

    public override string ToString() => Name;
}
