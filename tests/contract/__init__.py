"""Does what the services say of themselves agree with the contract?"""
