ñ
ùu
.
Identity

input"T
output"T"	
Ttype
C
Placeholder
output"dtype"
dtypetype"
shapeshape:"serve*1.7.02v1.7.0-3-g024aecf4148ç
A
PlaceholderPlaceholder*
_output_shapes
:*
dtype0
D
IdentityIdentityPlaceholder*
T0*
_output_shapes
:"*d
identity_stringQ

x
Placeholder:0
y

Identity:0tensorflow/serving/predict