namespace Automation.Server.Secrets;

/// <summary>That something needs a secret.</summary>
/// <param name="Secret">The secret's name.</param>
/// <param name="Kind">What needs it: <c>workflow</c>, <c>mqttConnection</c> ….</param>
/// <param name="Id">Which one.</param>
internal readonly record struct SecretUse(string Secret, string Kind, string Id);

/// <summary>What a feature needs secrets for, as of now. Features register one each.</summary>
internal delegate IEnumerable<SecretUse> SecretUses();
