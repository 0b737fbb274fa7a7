namespace Automation.Server.Triggers.Webhooks;

/// <summary>A secret's value by its name; null when there is none.</summary>
internal delegate string? SecretLookup(string name);
